import { SeeError } from '@see/core'
import type { DiskTools } from './disk-tools.ts'

const OFFSET = /^ {4}<partition_offset>(\d+)<\/partition_offset>$/
const INODE = /^ {6}<inode>(\d+)<\/inode>$/
const SHA1 = /^ {6}<hashdigest type='sha1'>([0-9a-f]{40})<\/hashdigest>$/
const SECTOR_BYTES = 512

/** Of each sector at which a file system begins and each inode, the SHA-1 of its content. */
export type ContentHashes = ReadonlyMap<string, string>

export function hashKey(start: number, inode: string): string {
  return `${start}:${inode.split('-')[0]}`
}

/**
 * Reads the content of every file of a disk, whatever the file system says of its times.
 * @throws SeeError `TOOL_FAILED`
 */
export async function contentHashes(tools: DiskTools, disk: string): Promise<ContentHashes> {
  const { stdout } = await tools.succeed(['fiwalk', '-O', '-x', disk], [disk])
  const hashes = parseFiwalk(stdout.toString('latin1'))
  if (hashes.size > 0) return hashes
  throw new SeeError('TOOL_FAILED', 'fiwalk found no content on the disk')
}

/** Each element is on a line of its own, and a name cannot make one: `<` and line breaks are escaped in it. */
export function parseFiwalk(output: string): ContentHashes {
  const hashes = new Map<string, string>()
  let start = 0
  let inode = ''
  for (const line of output.split('\n')) {
    const offset = OFFSET.exec(line)?.[1]
    if (offset !== undefined) start = Number(offset) / SECTOR_BYTES
    inode = INODE.exec(line)?.[1] ?? inode
    const sha1 = SHA1.exec(line)?.[1]
    if (sha1 !== undefined) hashes.set(hashKey(start, inode), sha1)
  }
  return hashes
}
