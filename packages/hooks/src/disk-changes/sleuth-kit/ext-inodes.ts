import { type ByteRange, readRanges } from '../tools/disk-bytes.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import type { ExtGeometry } from './ext-geometry.ts'
import { attributeBlockOf, type InodeDetails, parseInode } from './ext-inode.ts'
import type { ListedFile, MutableListedFile } from '../files/listed-file.ts'

const SECTOR_BYTES = 512
/** What is closer than this is read in one go, with what is between. */
const NEAR_BYTES = 32_768
/** Bytes that are read at a time, unless one range is longer. */
const MAX_BYTES = 2 * 1024 * 1024
/** Inodes that are looked at in one go: what that takes is forgotten before the next ones. */
const MAX_INODES = 5000

export interface ExtFileSystem {
  readonly disk: string
  readonly diskBytes: number
  /** The sector at which it begins. */
  readonly start: number
  readonly geometry: ExtGeometry
}

interface Complete {
  readonly files: ReadonlyMap<ListedFile, ListedFile>
  /** Those of which not everything could be read. */
  readonly unread: readonly ListedFile[]
}

/** What was read of some inodes. */
interface Details {
  readonly found: Map<number, InodeDetails>
  /** Those of which not all could be read. */
  readonly unread: Set<number>
}

/**
 * Files with what their inodes say beyond the listing: the right times, attributes, flags, numbers of devices. A file whose
 * inode is not where it can be stays as it is.
 * @throws SeeError `TOOL_FAILED`
 */
export async function withInodes(
  tools: DiskTools,
  system: ExtFileSystem,
  files: readonly ListedFile[],
): Promise<Complete> {
  const complete = new Map<ListedFile, ListedFile>()
  const unread: ListedFile[] = []
  const tables = await tablesOf(tools, system, files)
  for (let from = 0; from < files.length; from += MAX_INODES) {
    const some = files.slice(from, from + MAX_INODES)
    const inodes = [...new Set(some.map(({ inode }) => Number(inode)))]
    const details = await detailsOf(tools, system, inodes, tables)
    for (const file of some) {
      const inode = Number(file.inode)
      complete.set(file, withDetails(file, details.found.get(inode)))
      if (details.unread.has(inode)) unread.push(file)
    }
  }
  return { files: complete, unread }
}

function withDetails(file: ListedFile, details: InodeDetails | undefined): ListedFile {
  if (details === undefined) return file
  const { path, inode, kind, permissions, uid, gid, size, target } = file
  const { mtime, ctime, crtime, mtimeNs, ctimeNs, attributes, flags, device } = details
  const complete: MutableListedFile = { path, inode, kind, permissions, uid, gid, size, mtime, ctime, crtime }
  if (mtimeNs !== undefined) complete.mtimeNs = mtimeNs
  if (ctimeNs !== undefined) complete.ctimeNs = ctimeNs
  if (attributes !== undefined) complete.attributes = attributes
  if (flags !== undefined) complete.flags = flags
  if (device !== undefined) complete.device = device
  if (target !== undefined) complete.target = target
  return complete
}

/** The block of the first inodes, for each group with such files. */
async function tablesOf(
  tools: DiskTools,
  system: ExtFileSystem,
  files: readonly ListedFile[],
): Promise<ReadonlyMap<number, number>> {
  const { descriptorsAt, descriptorBytes } = system.geometry
  const possible = files.map(({ inode }) => Number(inode)).filter((inode) => isPossible(system, inode))
  const groups = [...new Set(possible.map((inode) => groupOf(system, inode)))]
  const descriptors = groups.map((group) => ({
    offset: descriptorsAt + group * descriptorBytes,
    length: descriptorBytes,
  }))
  const tables = new Map<number, number>()
  await read(tools, system, descriptors, (bytes, index) => tables.set(groups[index] ?? -1, tableIn(bytes)))
  return tables
}

function isPossible({ geometry }: ExtFileSystem, inode: number): boolean {
  return inode > 0 && inode <= geometry.inodes
}

function groupOf({ geometry }: ExtFileSystem, inode: number): number {
  return Math.floor((inode - 1) / geometry.inodesPerGroup)
}

async function detailsOf(
  tools: DiskTools,
  system: ExtFileSystem,
  inodes: readonly number[],
  tables: ReadonlyMap<number, number>,
): Promise<Details> {
  const { blockBytes, inodeBytes, inodesPerGroup } = system.geometry
  const possible = inodes.filter((inode) => isPossible(system, inode))
  const details: Details = { found: new Map(), unread: new Set(possible) }
  const places = possible.map((inode) => {
    const table = tables.get(groupOf(system, inode)) ?? Number.NaN
    return { offset: table * blockBytes + ((inode - 1) % inodesPerGroup) * inodeBytes, length: inodeBytes }
  })
  const further: Inode[] = []
  await read(tools, system, places, (bytes, index) => {
    const number = possible[index] ?? 0
    const block = attributeBlockOf(bytes)
    details.found.set(number, parseInode(bytes, undefined))
    if (block === 0) details.unread.delete(number)
    // A copy: a part of what was read would keep all of it.
    else further.push({ number, bytes: Buffer.from(bytes), block })
  })
  const blocks = further.map(({ block }) => ({ offset: block * blockBytes, length: blockBytes }))
  await read(tools, system, blocks, (attributes, index) => {
    const inode = further[index]
    if (inode === undefined) return
    details.found.set(inode.number, parseInode(inode.bytes, attributes))
    details.unread.delete(inode.number)
  })
  return details
}

interface Inode {
  readonly number: number
  readonly bytes: Buffer
  /** With further attributes. */
  readonly block: number
}

/** The block of a group's first inodes. */
function tableIn(descriptor: Buffer): number {
  const high = descriptor.length >= 64 ? descriptor.readUInt32LE(40) : 0
  return high * 2 ** 32 + descriptor.readUInt32LE(8)
}

/**
 * Reads ranges of the file system, near ones together.
 * @param take gets the bytes of each that is on the disk; they are valid during the call only
 */
async function read(
  tools: DiskTools,
  { disk, diskBytes, start }: ExtFileSystem,
  ranges: readonly ByteRange[],
  take: (bytes: Buffer, index: number) => void,
): Promise<void> {
  const absolute = ranges
    .map(({ offset, length }, index) => ({ offset: start * SECTOR_BYTES + offset, length, index }))
    .filter(({ offset, length }) => offset >= 0 && offset + length <= diskBytes)
    .toSorted((a, b) => a.offset - b.offset)
  const runs: (ByteRange & { length: number; readonly parts: typeof absolute })[] = []
  for (const part of absolute) {
    const run = runs.at(-1)
    const end = run === undefined ? 0 : run.offset + run.length
    if (run !== undefined && part.offset < end + NEAR_BYTES && part.offset - run.offset < MAX_BYTES) {
      run.length = Math.max(run.length, part.offset + part.length - run.offset)
      run.parts.push(part)
    } else runs.push({ offset: part.offset, length: part.length, parts: [part] })
  }
  for (let from = 0; from < runs.length; ) {
    let to = from
    for (let bytes = 0; to < runs.length && (to === from || bytes < MAX_BYTES); to++)
      bytes += runs[to]?.length ?? 0
    const together = runs.slice(from, to)
    const contents = await readRanges(tools, disk, together)
    for (const [index, { offset, parts }] of together.entries()) {
      for (const part of parts) {
        const at = part.offset - offset
        const bytes = contents[index]?.subarray(at, at + part.length)
        if (bytes !== undefined) take(bytes, part.index)
      }
    }
    from = to
  }
}
