import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { together, type ImageLayer } from '@see/core'
import { compareListings, type FileChange } from './compare-listings.ts'
import { type ContentHashes, contentHashes, hashKey } from './content-hashes.ts'
import { differingAreas } from './differing-areas.ts'
import type { ByteRange } from './disk-bytes.ts'
import { type DiskLayout, diskLayout } from './disk-layout.ts'
import { DiskInodes } from './disk-inodes.ts'
import { listDisk } from './disk-listing.ts'
import { type DiskRegion, placesOf, regionsOf } from './disk-regions.ts'
import type { DiskTools } from './disk-tools.ts'
import { type ListedFile, textOf } from './listed-file.ts'
import { LARGE_SECTOR_BYTES, SECTOR_BYTES } from './partition-table.ts'
import { gapsOf } from './unpartitioned.ts'

/** A region, and what a comparison of its bytes says of one whose files were not listed on both disks. */
export interface ComparedRegion extends DiskRegion {
  /** Every byte is the same; false when that is not so, or when its files were compared. */
  readonly isSame: boolean
}

/** Of both disks, what the content of a file is, where it was read in full. */
interface SideHashes {
  readonly before: ContentHashes
  readonly after: ContentHashes
}

export interface DiskComparison {
  readonly layouts: readonly [DiskLayout, DiskLayout]
  /**
   * Those that no side lists (`readBy` is null) and that are not the same are left to another reader, or are reported as
   * not compared.
   */
  readonly regions: readonly ComparedRegion[]
  /** Space in no partition that differs: boot code, partition tables, gaps. */
  readonly changedGaps: readonly ByteRange[]
  readonly changes: readonly FileChange[]
  readonly hashes: SideHashes
  /** Paths of files whose content was to be compared, and was not. */
  readonly unverified: readonly string[]
}

const NONE: ContentHashes = new Map()
/** Of an alternate data stream of NTFS, which fiwalk leaves out. */
const STREAM = /:[^/:]+$/s

interface CompareOptions {
  /** Before and after. */
  readonly disks: readonly [string, string]
  readonly images: readonly [ImageLayer, ImageLayer]
  /** Also compare the content of every file. */
  readonly strict: boolean
  readonly concurrent: boolean
  /** The disk before is that of a guest which went on. */
  readonly wasRunning: boolean
  /** A folder to work in. */
  readonly work: string
}

interface Look {
  readonly layouts: readonly [DiskLayout, DiskLayout]
  readonly found: readonly DiskRegion[]
}

/** An MBR of whose partitions none holds anything known may count larger sectors. */
async function lookTwice(look: (sectorBytes: number) => Promise<Look>): Promise<Look> {
  const usual = await look(SECTOR_BYTES)
  if (!usual.layouts[0].hasOwnUnit || isAnythingKnown(usual)) return usual
  const larger = await look(LARGE_SECTOR_BYTES)
  return isAnythingKnown(larger) ? larger : usual
}

/** On the disk before: what is on the other is the guest's. */
function isAnythingKnown({ found }: Look): boolean {
  return found.some(({ before }) => before !== undefined && before.type !== null)
}

/**
 * Lists both disks and finds what may have changed.
 * @throws SeeError `TOOL_FAILED`
 */
export async function compareDisks(
  tools: DiskTools,
  { disks, images, strict, concurrent, wasRunning, work }: CompareOptions,
): Promise<DiskComparison> {
  const both = async <Result>(ask: (disk: string) => Promise<Result>): Promise<[Result, Result]> =>
    concurrent
      ? // Whoever clears up after one that failed is not to find the other at work.
        await together(ask(disks[0]), ask(disks[1]))
      : [await ask(disks[0]), await ask(disks[1])]
  const look = async (sectorBytes: number): Promise<Look> => {
    const layouts = await both((disk) => diskLayout(tools, disk, sectorBytes))
    const places = placesOf(layouts)
    const contents = await both(async (disk) =>
      listDisk(tools, disk, places, await mkdtemp(join(work, 'listing-'))),
    )
    const before = { layout: layouts[0], contents: contents[0] }
    const after = { layout: layouts[1], contents: contents[1] }
    return { layouts, found: regionsOf(places, before, after) }
  }
  const { layouts, found } = await lookTwice(look)
  const inodes = new DiskInodes(tools, disks, layouts)
  const listed = strict ? await Promise.all(found.map((region) => inodes.ofRegion(region))) : found
  const gaps = gapsOf(layouts).map((gap) => ({ ...gap, region: undefined }))
  const areas = [...gaps, ...listed.filter(isLeftOut).map((region) => ({ ...areaOf(region), region }))]
  const differing = await differingAreas(tools, areas, { disks, images, work })
  const looked = new Set(areas.map(({ region }) => region))
  const differs = new Set(differing.map(({ region }) => region))
  const regions = listed.map((region) => ({ ...region, isSame: looked.has(region) && !differs.has(region) }))
  const hash = (side: 'before' | 'after', disk: string) =>
    contentHashes(
      tools,
      disk,
      listed.flatMap((region) => filesAt(region, side)),
      work,
    )
  const hashes = strict
    ? sides(await both((disk) => hash(disk === disks[0] ? 'before' : 'after', disk)))
    : { before: NONE, after: NONE }
  const unverified: string[] = []
  const candidates = regions.map((region) => changesIn(region, { strict, wasRunning, hashes, unverified }))
  const changes = strict
    ? candidates.flat()
    : await Promise.all(regions.map((region, index) => inodes.ofChanges(region, candidates[index] ?? [])))
  const changedGaps = differing.filter(({ region }) => region === undefined)
  return { layouts, regions, changedGaps, changes: changes.flat(), hashes, unverified }
}

interface ChangesOptions {
  readonly strict: boolean
  readonly wasRunning: boolean
  readonly hashes: SideHashes
  /** Gets the paths of files whose content is not known. */
  readonly unverified: string[]
}

function changesIn(
  { start, prefix, before, after }: DiskRegion,
  { strict, wasRunning, hashes, unverified }: ChangesOptions,
): FileChange[] {
  // What cannot be listed is not one without files.
  if (after?.readBy !== 'tsk') return []
  const verify = (a: ListedFile, b: ListedFile): boolean => {
    if (!strict || b.kind !== 'file') return false
    if (b.inode.includes('-') && STREAM.test(b.path)) return true
    const was = hashes.before.get(hashKey(start, a.inode))
    const is = hashes.after.get(hashKey(start, b.inode))
    if (b.size > 0 && (was === undefined || is === undefined)) unverified.push(`${prefix}${textOf(b.path)}`)
    return was !== is
  }
  return compareListings(start, before?.files ?? [], after.files, verify, wasRunning)
}

/** Whether its files are not listed on both disks, though it is there on both. */
function isLeftOut({ before, after }: DiskRegion): boolean {
  if (before === undefined || after === undefined) return false
  return before.readBy === null && after.readBy === null
}

function areaOf({ start, before, after }: DiskRegion): ByteRange {
  const sectors = Math.max(before?.sectors ?? 0, after?.sectors ?? 0)
  return { offset: start * SECTOR_BYTES, length: sectors * SECTOR_BYTES }
}

function filesAt(region: DiskRegion, side: 'before' | 'after') {
  return (region[side]?.files ?? []).map(({ kind, size, inode }) => ({
    start: region.start,
    kind,
    size,
    inode,
  }))
}

function sides([before, after]: readonly [ContentHashes, ContentHashes]): SideHashes {
  return { before, after }
}
