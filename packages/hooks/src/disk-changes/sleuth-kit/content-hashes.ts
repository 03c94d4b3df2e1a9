import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SeeError } from '@see/core'
import { type DiskTools, saidBy } from '../tools/disk-tools.ts'
import { inOnePiece } from '../files/in-one-piece.ts'
import { lineBatches } from '../../processes/line-batches.ts'
import type { ListedFile } from '../files/listed-file.ts'

const OFFSET = /^ {4}<partition_offset>(\d+)<\/partition_offset>$/
const INODE = /^ {6}<inode>(\d+)<\/inode>$/
const SHA1 = /^ {6}<hashdigest type='sha1'>([0-9a-f]{40})<\/hashdigest>$/
const SUM = /^(\d+ \d+) ([0-9a-f]{40})$/
const SECTOR_BYTES = 512
/** As fiwalk: a file beyond that is not read. */
const MAX_FILE_BYTES = 2 ** 31

/** The SHA-1 of contents, by the sector at which the file system begins and the inode. */
export type ContentHashes = ReadonlyMap<string, string>

/** Share of the remaining time, for each of the two ways to read contents. */
const TIME_SHARE = 1 / 2
/** Share of what a tool may write, for what fiwalk says. */
const OUTPUT_SHARE = 3 / 4
/** How `timeout` says that there was no more time. */
const LATE = 124

// What it says may be larger than memory. Where it comes to no end, what it said is used, and the rest is read by icat.
const FIWALK = '(ulimit -f "$3"; exec timeout "$2" fiwalk -O -x "$1") >output || :'
/** In which `ulimit` counts. */
const FILE_BLOCK_BYTES = 512

// A sum of what icat could not read would be one of another content.
const SCRIPT = `disk=$1
while read -r start inode; do
  sum=$({ icat -o "$start" "$disk" "$inode" 2>/dev/null || echo >failed; } | sha1sum)
  if [ -e failed ]; then rm failed; else echo "$start $inode \${sum%% *}"; fi
done <list`

export function hashKey(start: number, inode: string): string {
  return `${start}:${inode.split('-')[0]}`
}

interface HashedFile extends Pick<ListedFile, 'kind' | 'size' | 'inode'> {
  /** The sector at which its file system begins. */
  readonly start: number
}

/**
 * Reads the content of every file of a disk, whatever the file system says of its times: by fiwalk, and what that does not
 * find, file by file.
 * @param files those that are listed
 * @param parent a folder to work in
 * @param isWhole whether every file system of the disk was listed: with one that was not, fiwalk may come to no end
 * @throws SeeError `TOOL_FAILED` when a program exceeds a bound
 */
export async function contentHashes(
  tools: DiskTools,
  disk: string,
  files: readonly HashedFile[],
  { parent, isWhole }: { readonly parent: string; readonly isWhole: boolean },
): Promise<ContentHashes> {
  const wanted = new Set(files.map(({ start, inode }) => hashKey(start, inode)))
  if (wanted.size === 0) return new Map()
  const folder = await mkdtemp(join(parent, 'hashes-'))
  const hashes = isWhole ? await hashesOfFiwalk(tools, disk, { folder, wanted }) : new Map<string, string>()
  const left = files.filter(
    ({ start, kind, size, inode }) =>
      kind === 'file' && size > 0 && size < MAX_FILE_BYTES && !hashes.has(hashKey(start, inode)),
  )
  if (left.length === 0) return hashes
  const lines = left.map(({ start, inode }) => `${start} ${inode.split('-')[0]}\n`)
  await writeFile(join(folder, 'list'), [...new Set(lines)].join(''))
  const icat = ['timeout', secondsFor(tools), 'sh', '-c', SCRIPT, 'icat', disk] as const
  const sums = await tools.run([...icat], [disk], folder)
  // Those that it did not come to stay unknown, as those do that it could not read.
  if (sums.exitCode !== 0 && sums.exitCode !== LATE)
    throw new SeeError('TOOL_FAILED', `icat ended with exit code ${sums.exitCode}: ${saidBy(sums)}`)
  for (const line of sums.stdout.toString('latin1').split('\n')) {
    const [, file = '', sha1] = SUM.exec(line) ?? []
    if (sha1 !== undefined) hashes.set(inOnePiece(file.replace(' ', ':')), inOnePiece(sha1))
  }
  return hashes
}

async function hashesOfFiwalk(
  tools: DiskTools,
  disk: string,
  { folder, wanted }: { readonly folder: string; readonly wanted: ReadonlySet<string> },
): Promise<Map<string, string>> {
  const words = [secondsFor(tools), String(Math.floor((tools.outputBytes * OUTPUT_SHARE) / FILE_BLOCK_BYTES))]
  await tools.run(['sh', '-c', FIWALK, 'fiwalk', disk, ...words], [disk], folder)
  const hashes = new Map<string, string>()
  const parser = new FiwalkParser((key, sha1) => {
    if (wanted.has(key)) hashes.set(key, inOnePiece(sha1))
  })
  const output = join(folder, 'output')
  for await (const lines of lineBatches(output))
    for (const line of lines) parser.take(line.toString('latin1'))
  await rm(output)
  return hashes
}

function secondsFor(tools: DiskTools): string {
  return String(Math.ceil((tools.remainingMs * TIME_SHARE) / 1000))
}

/**
 * Reads the lines of fiwalk. Each element is on a line of its own, and a name cannot make one: `<` and line breaks are
 * escaped in it.
 */
export class FiwalkParser {
  readonly #found: (key: string, sha1: string) => void
  #start = 0
  #inode = ''

  /** @param found gets the key and the sum of each content */
  constructor(found: (key: string, sha1: string) => void) {
    this.#found = found
  }

  take(line: string): void {
    const offset = OFFSET.exec(line)?.[1]
    if (offset !== undefined) this.#start = Number(offset) / SECTOR_BYTES
    this.#inode = INODE.exec(line)?.[1] ?? this.#inode
    const sha1 = SHA1.exec(line)?.[1]
    if (sha1 !== undefined) this.#found(hashKey(this.#start, this.#inode), sha1)
  }
}
