import { createWriteStream } from 'node:fs'
import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { SeeError } from '@see/core'
import type { DiskTools } from '../tools/disk-tools.ts'
import { lineBatches } from '../../processes/line-batches.ts'
import type { ListedFile } from '../files/listed-file.ts'
import { assertListed, type ListedNames, MAX_LEAVES, NamesSummary, SORT } from './listed-names.ts'
import { boundsOf, SPENT, spend, UNWATCHED, WATCHED } from './watched-listing.ts'

const MAX_ROUNDS = 50
const MAX_DIRECTORIES = 2000

/** Among how many directories that are still to come the time is divided in which nothing is listed. */
const PARTS = 10

const SCRIPT = `${WATCHED}
disk=$1 start=$2 most=$3
while read -r number inode; do
  listed "$number" ${PARTS} -o "$start" "$disk" "$inode" | ${SORT} >"$number.list" || echo 121 >"$number.code"
  rm "$number.raw"
done <list
${UNWATCHED}`

interface Source {
  readonly disk: string
  /** The sector at which the file system begins. */
  readonly start: number
  /** A folder to work in, with the listing in `<start>.list`. */
  readonly folder: string
  /** What the listing may have altogether. */
  readonly maxBytes: number
}

interface Complete {
  readonly names: ListedNames
  /** Directories that are still not listed. */
  readonly unlisted?: readonly string[]
}

/**
 * Adds to a listing the files of directories that fls leaves out, each of which is listed on its own.
 * @throws SeeError `TOOL_FAILED` when a program exceeds a bound
 */
export async function withDeepFiles(
  tools: DiskTools,
  source: Source,
  listed: NamesSummary,
): Promise<Complete> {
  const { start, folder } = source
  const path = join(folder, `${start}.list`)
  const total = { path, count: listed.count, latest: listed.latest }
  let left = listed.leaves
  if (left.length === 0) return { names: total }
  const unlisted: string[] = []
  let bytesLeft = source.maxBytes - listed.bytes
  let count = 0
  for (let round = 0; left.length > 0 && round < MAX_ROUNDS && count < MAX_DIRECTORIES; round++) {
    const asked = left.splice(0, MAX_DIRECTORIES - count)
    count += asked.length
    const work = await mkdtemp(join(folder, 'deep-'))
    const isListed = await listInto(work, tools, source, asked)
    for (const [number, directory] of asked.entries()) {
      const summary = isListed
        ? await added(join(work, String(number)), directory, path, bytesLeft)
        : undefined
      if (summary === undefined) {
        unlisted.push(directory.path)
        continue
      }
      bytesLeft -= summary.bytes
      total.count += summary.count
      total.latest = Math.max(total.latest, summary.latest)
      left = [...left, ...summary.leaves].slice(0, MAX_LEAVES)
    }
    await rm(work, { recursive: true })
  }
  unlisted.push(...left.slice(0, MAX_DIRECTORIES).map((directory) => directory.path))
  // What was in a confined folder is the caller's alone.
  await chmod(path, 0o644)
  const script = `${SORT} "$1" >sorted && mv -f sorted "$1"`
  await tools.succeed(['sh', '-c', script, 'sort', `${start}.list`], [], folder, 3 * source.maxBytes)
  return unlisted.length === 0 ? { names: total } : { names: total, unlisted }
}

/** Lists each directory into a file of its number. */
async function listInto(
  work: string,
  tools: DiskTools,
  { disk, start, maxBytes }: Source,
  directories: readonly ListedFile[],
): Promise<boolean> {
  await writeFile(join(work, 'list'), directories.map(({ inode }, number) => `${number} ${inode}\n`).join(''))
  const budget = tools.listingBudget(disk)
  const words = [...boundsOf(tools, budget), disk, String(start), String(maxBytes)]
  try {
    await tools.succeed(['sh', '-c', SCRIPT, 'fls', ...words], [disk], work, 2 * maxBytes)
    return true
  } catch (error) {
    tools.signal.throwIfAborted()
    if (!(error instanceof SeeError)) throw error
    return false
  } finally {
    spend(budget, await readFile(join(work, SPENT), 'latin1').catch(() => '0'))
  }
}

/**
 * Appends the listing of a directory to another.
 * @returns what was added; undefined, and nothing added, where the directory could not be listed
 */
async function added(
  base: string,
  { path: directory }: ListedFile,
  target: string,
  maxBytes: number,
): Promise<NamesSummary | undefined> {
  const list = `${base}.list`
  const said = (await readFile(`${base}.error`)).toString('latin1').trim()
  const code = Number((await readFile(`${base}.code`)).toString())
  const { size } = await stat(list)
  const summary = new NamesSummary()
  if (size === 0 && code === 0 && said === '') return summary
  try {
    assertListed(size, code, said)
    for await (const lines of linesBelow(list, directory)) {
      for (const line of lines) {
        summary.take(line)
        if (summary.bytes > maxBytes) return undefined
      }
    }
  } catch {
    return undefined
  }
  await pipeline(linesAsText(list, directory), createWriteStream(target, { flags: 'a' }))
  return summary
}

/** The lines of a directory's listing, with the paths that they have below the root. */
async function* linesBelow(list: string, directory: string): AsyncGenerator<Buffer[]> {
  const head = Buffer.from(`0|${directory}`, 'latin1')
  for await (const lines of lineBatches(list)) {
    for (let from = 0; from < lines.length; from += 50)
      yield lines.slice(from, from + 50).map((line) => Buffer.concat([head, line.subarray(2)]))
  }
}

async function* linesAsText(list: string, directory: string): AsyncGenerator<Buffer> {
  const newline = Buffer.from('\n')
  for await (const lines of linesBelow(list, directory))
    yield Buffer.concat(lines.flatMap((line) => [line, newline]))
}
