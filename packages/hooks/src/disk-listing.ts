import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SeeError } from '@see/core'
import type { DiskTools } from './disk-tools.ts'
import { type ListedFile, parseListedFile } from './listed-file.ts'

/** A file system of a disk. */
export interface FileSystem {
  /** The Sleuth Kit's name of its type. */
  readonly type: string
  readonly files: readonly ListedFile[]
  /** Its journal holds changes that are not in place yet, and not listed. */
  readonly hasPendingJournal: boolean
}

// Feature flags of an ext superblock, 96 bytes into it, which begins at byte 1024.
const INCOMPATIBLE_FEATURES = 1024 + 96
const NEEDS_RECOVERY = 4

// Of each sector: the type of its file system, the listing, and how that went.
const SCRIPT = `disk=$1; shift
for start do
  fsstat -t -o "$start" "$disk" >"$start.type" 2>/dev/null || { rm "$start.type"; continue; }
  fls -r -p -u -m / -o "$start" "$disk" >"$start.list" 2>"$start.error"
  echo $? >"$start.code"
  od -An -tu4 -j $((start * 512 + ${INCOMPATIBLE_FEATURES})) -N4 "$disk" >"$start.features"
done`

/**
 * Lists the file systems that begin at the given sectors of a disk.
 * @param folder an empty one, to work in
 * @returns of each sector with a file system that can be read, what is there
 * @throws SeeError `TOOL_FAILED`: a listing that fails, or is empty, is never one of no files
 */
export async function listDisk(
  tools: DiskTools,
  disk: string,
  starts: readonly number[],
  folder: string,
): Promise<Map<number, FileSystem>> {
  await tools.succeed(['sh', '-c', SCRIPT, 'fls', disk, ...starts.map(String)], [disk], folder)
  const found = new Map<number, FileSystem>()
  for (const start of starts) {
    const read = (extension: string) => readFile(join(folder, `${start}.${extension}`), 'latin1')
    const type = await read('type').catch(() => undefined)
    if (type === undefined) continue
    const [code, said] = [(await read('code')).trim(), (await read('error')).trim()]
    const listing = code === '0' ? await read('list') : ''
    if (listing === '') throw listingFailed(start, `fls ended with exit code ${code} and no file`, said)
    if (said !== '') throw listingFailed(start, 'fls complained', said)
    const hasPendingJournal =
      type.startsWith('ext') && (Number(await read('features')) & NEEDS_RECOVERY) !== 0
    found.set(start, { type: type.trim(), files: filesIn(listing, start), hasPendingJournal })
  }
  return found
}

function filesIn(listing: string, start: number): ListedFile[] {
  try {
    return listing.split('\n').flatMap((line) => {
      const file = line === '' ? undefined : parseListedFile(line)
      return file === undefined ? [] : [file]
    })
  } catch (error) {
    throw listingFailed(start, messageOf(error), '')
  }
}

function listingFailed(start: number, what: string, said: string): SeeError {
  const words = said === '' ? '' : `: ${JSON.stringify(said.slice(-500))}`
  return new SeeError('TOOL_FAILED', `the file system at sector ${start} cannot be listed: ${what}${words}`)
}
