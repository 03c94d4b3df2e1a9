import { type ByteRange, readRanges } from './disk-bytes.ts'
import type { DiskTools } from './disk-tools.ts'
import type { ExtGeometry } from './ext-geometry.ts'
import { attributeBlockOf, type InodeDetails, parseInode } from './ext-inode.ts'
import type { ListedFile } from './listed-file.ts'

const SECTOR_BYTES = 512
/** What is closer than this is read in one go, with what is between. */
const NEAR_BYTES = 32_768
/** Bytes that are read at a time, unless one range is longer. */
const MAX_BYTES = 8 * 1024 * 1024
/** Inodes that are in memory as bytes. */
const MAX_INODES = 20_000

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

/** What was read of inodes, and of which not all of it was. */
interface Details {
  readonly found: Map<number, InodeDetails>
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
  const inodes = [...new Set(files.map(({ inode }) => Number(inode)))]
  const details: Details = { found: new Map(), unread: new Set() }
  for (let from = 0; from < inodes.length; from += MAX_INODES) {
    await addInodes(details, tools, system, inodes.slice(from, from + MAX_INODES))
  }
  const { found, unread } = details
  return {
    files: new Map(files.map((file) => [file, { ...file, ...found.get(Number(file.inode)) }])),
    unread: files.filter(({ inode }) => unread.has(Number(inode))),
  }
}

async function addInodes(
  details: Details,
  tools: DiskTools,
  system: ExtFileSystem,
  inodes: readonly number[],
): Promise<void> {
  const { found, unread } = details
  const { blockBytes, inodeBytes, inodesPerGroup, descriptorsAt, descriptorBytes } = system.geometry
  const possible = inodes.filter((inode) => inode > 0 && inode <= system.geometry.inodes)
  const groupOf = (inode: number) => Math.floor((inode - 1) / inodesPerGroup)
  const groups = [...new Set(possible.map(groupOf))]
  const descriptors = await read(
    tools,
    system,
    groups.map((group) => ({ offset: descriptorsAt + group * descriptorBytes, length: descriptorBytes })),
  )
  const tables = new Map(groups.map((group, index) => [group, tableIn(descriptors[index])]))
  const tableInodes = await read(
    tools,
    system,
    possible.map((inode) => {
      const table = tables.get(groupOf(inode)) ?? Number.NaN
      return { offset: table * blockBytes + ((inode - 1) % inodesPerGroup) * inodeBytes, length: inodeBytes }
    }),
  )
  const further: Inode[] = []
  for (const [index, number] of possible.entries()) {
    const bytes = tableInodes[index]
    const block = bytes === undefined ? 0 : attributeBlockOf(bytes)
    if (bytes === undefined) unread.add(number)
    else if (block === 0) found.set(number, parseInode(bytes, undefined))
    else further.push({ number, bytes, block })
  }
  const most = Math.ceil(MAX_BYTES / blockBytes)
  for (let from = 0; from < further.length; from += most)
    await addAttributes(details, tools, system, further.slice(from, from + most))
}

interface Inode {
  readonly number: number
  readonly bytes: Buffer
  /** With further attributes. */
  readonly block: number
}

async function addAttributes(
  { found, unread }: Details,
  tools: DiskTools,
  system: ExtFileSystem,
  inodes: readonly Inode[],
): Promise<void> {
  const { blockBytes } = system.geometry
  const ranges = inodes.map(({ block }) => ({ offset: block * blockBytes, length: blockBytes }))
  const blocks = await read(tools, system, ranges)
  for (const [index, { number, bytes }] of inodes.entries()) {
    const attributes = blocks[index]
    found.set(number, parseInode(bytes, attributes))
    if (attributes === undefined) unread.add(number)
  }
}

/** The block of a group's first inodes. */
function tableIn(descriptor: Buffer | undefined): number {
  if (descriptor === undefined) return Number.NaN
  const high = descriptor.length >= 64 ? descriptor.readUInt32LE(40) : 0
  return high * 2 ** 32 + descriptor.readUInt32LE(8)
}

/** Reads ranges of the file system, near ones together; undefined for those that are not on the disk. */
async function read(
  tools: DiskTools,
  { disk, diskBytes, start }: ExtFileSystem,
  ranges: readonly ByteRange[],
): Promise<(Buffer | undefined)[]> {
  const found: (Buffer | undefined)[] = ranges.map(() => undefined)
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
        // A copy: a part of what was read would keep all of it.
        found[part.index] = Buffer.from(contents[index]?.subarray(at, at + part.length) ?? [])
      }
    }
    from = to
  }
  return found
}
