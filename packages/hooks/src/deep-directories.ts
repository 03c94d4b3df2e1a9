import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SeeError } from '@see/core'
import type { DiskTools } from './disk-tools.ts'
import type { ListedFile } from './listed-file.ts'
import { listedFiles } from './listed-files.ts'

/** fls goes no deeper than 128 directories, nor into paths of more than 4096 bytes, and says nothing of it. */
const DEEP = 120
const LONG = 3800
const MAX_ROUNDS = 50
const MAX_DIRECTORIES = 2000

const SCRIPT = `disk=$1 start=$2
while read -r number inode; do
  fls -r -p -u -m / -o "$start" "$disk" "$inode" >"$number.list" 2>"$number.error"
  echo $? >"$number.code"
done <list`

interface Source {
  readonly disk: string
  /** The sector at which the file system begins. */
  readonly start: number
  /** A folder to work in. */
  readonly folder: string
}

interface Complete {
  readonly files: readonly ListedFile[]
  /** Directories that are still not listed. */
  readonly unlisted?: readonly string[]
}

/**
 * A listing with the files of directories that fls leaves out, each of which is listed on its own.
 * @throws SeeError `TOOL_FAILED` when a program exceeds a bound
 */
export async function withDeepFiles(
  tools: DiskTools,
  source: Source,
  listed: readonly ListedFile[],
): Promise<Complete> {
  let left = leavesOf(listed)
  if (left.length === 0) return { files: listed }
  const files = [...listed]
  const unlisted: string[] = []
  let count = 0
  for (let round = 0; left.length > 0 && round < MAX_ROUNDS && count < MAX_DIRECTORIES; round++) {
    const asked = left.splice(0, MAX_DIRECTORIES - count)
    count += asked.length
    const found = await list(tools, source, asked)
    const more = asked.flatMap((directory, index) => {
      const listing = found[index]
      if (listing === undefined) unlisted.push(directory.path)
      return listing ?? []
    })
    // One by one: there may be more than a call takes arguments.
    for (const file of more) files.push(file)
    left = [...left, ...leavesOf(more)]
  }
  unlisted.push(...left.slice(0, MAX_DIRECTORIES).map(({ path }) => path))
  return unlisted.length === 0 ? { files } : { files, unlisted }
}

/** Deep directories in which nothing is listed. */
function leavesOf(files: readonly ListedFile[]): ListedFile[] {
  const deep = files.filter(({ path }) => isDeep(path))
  if (deep.length === 0) return []
  const parents = new Set(deep.map(({ path }) => path.slice(0, path.lastIndexOf('/'))))
  return deep.filter(({ kind, path }) => kind === 'directory' && !parents.has(path))
}

function isDeep(path: string): boolean {
  return path.length >= LONG || (path.length >= 2 * DEEP && path.split('/').length > DEEP)
}

/** Of each directory what is in it; undefined where that cannot be listed. */
async function list(
  tools: DiskTools,
  { disk, start, folder }: Source,
  directories: readonly ListedFile[],
): Promise<(ListedFile[] | undefined)[]> {
  const work = await mkdtemp(join(folder, 'deep-'))
  await writeFile(join(work, 'list'), directories.map(({ inode }, number) => `${number} ${inode}\n`).join(''))
  const argv = [
    'timeout',
    String(tools.listingSeconds),
    'sh',
    '-c',
    SCRIPT,
    'fls',
    disk,
    String(start),
  ] as const
  try {
    await tools.succeed([...argv], [disk], work)
  } catch (error) {
    tools.signal.throwIfAborted()
    if (!(error instanceof SeeError)) throw error
    await rm(work, { recursive: true })
    return directories.map(() => undefined)
  }
  return await Promise.all(
    directories.map(async ({ path }, number) => {
      const read = (extension: string) => readFile(join(work, `${number}.${extension}`))
      const [listing, said] = [await read('list'), (await read('error')).toString('latin1').trim()]
      const code = Number((await read('code')).toString())
      if (listing.length === 0 && code === 0 && said === '') return []
      try {
        return listedFiles(listing, code, said).map((file) => ({ ...file, path: `${path}${file.path}` }))
      } catch {
        return undefined
      }
    }),
  )
}
