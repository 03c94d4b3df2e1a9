import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { together, type ImageLayer } from '@see/core'
import { compareListings, type FileChange } from '../files/compare-listings.ts'
import { type ContentHashes, contentHashes, hashKey } from './content-hashes.ts'
import { differingAreas } from '../layout/differing-areas.ts'
import type { ByteRange } from '../tools/disk-bytes.ts'
import { type DiskLayout, diskLayout } from '../layout/disk-layout.ts'
import { DiskInodes } from './disk-inodes.ts'
import { listDisk } from './disk-listing.ts'
import { type DiskRegion, placesOf, type RegionSide, regionsOf } from './disk-regions.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { type ListedFile, textOf } from '../files/listed-file.ts'
import { filesIn } from './listed-names.ts'
import { LARGE_SECTOR_BYTES, SECTOR_BYTES } from '../layout/partition-table.ts'
import { gapsOf } from '../layout/unpartitioned.ts'
import { unmatchedNames } from './unmatched-names.ts'

/** A region, and what a comparison of its bytes says of one whose files were not listed on both disks. */
export interface ComparedRegion extends DiskRegion {
  /** Every byte is the same; false when that is not so, or when its files were compared. */
  readonly isSame: boolean
  /** Names, at least, that changed and are not among the changes. */
  readonly cut: number
  /** Why the content of its files was not compared, though it was to be. */
  readonly whyNotStrict?: string
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

type Side = 'before' | 'after'

/** Names on either disk whose content is compared; of file systems with more, only the listings are. */
const MAX_STRICT_NAMES = 90_000
const TOO_MANY = `with it, there are more than ${MAX_STRICT_NAMES} names`
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
  /** Changed names that are kept at most. */
  readonly changesLimit: number
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
  { disks, images, strict, concurrent, wasRunning, changesLimit, work }: CompareOptions,
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
  const gaps = gapsOf(layouts).map((gap) => ({ ...gap, region: undefined }))
  const areas = [...gaps, ...found.filter(isLeftOut).map((region) => ({ ...areaOf(region), region }))]
  const differing = await differingAreas(tools, areas, { disks, images, work })
  const looked = new Set(areas.map(({ region }) => region))
  const differs = new Set(differing.map(({ region }) => region))
  const isSame = (region: DiskRegion) => looked.has(region) && !differs.has(region)
  const listings = strict ? await wholeListings(found, inodes) : []
  const hash = (side: Side, disk: string) =>
    contentHashes(
      tools,
      disk,
      listings.flatMap((listing) => hashedFiles(listing, side)),
      { parent: work, isWhole: found.every((region) => region[side]?.failure === undefined) },
    )
  const hashes = strict
    ? sides(await both((disk) => hash(disk === disks[0] ? 'before' : 'after', disk)))
    : { before: NONE, after: NONE }
  const unverified: string[] = []
  const regions: ComparedRegion[] = []
  const changes: FileChange[] = []
  for (const [index, region] of found.entries()) {
    const listing = listings[index]
    const limit = changesLimit - changes.length
    const { kept, cut } =
      listing === undefined
        ? await changesIn(region, { wasRunning, limit })
        : firstOf(strictChangesIn(region, listing, { wasRunning, hashes, unverified }), limit)
    const complete = listing === undefined ? await inodes.ofChanges(region, kept) : kept
    for (const change of complete) changes.push(change)
    const isTooLarge = strict && listing === undefined && region.after?.names !== undefined
    regions.push({
      ...inodes.withUnread(region),
      isSame: isSame(region),
      cut,
      ...(isTooLarge ? { whyNotStrict: TOO_MANY } : {}),
    })
  }
  const changedGaps = differing.filter(({ region }) => region === undefined)
  return { layouts, regions, changedGaps, changes, hashes: hashesOfChanges(hashes, changes), unverified }
}

/** The others are of no interest any more, and may be many. */
function hashesOfChanges(hashes: SideHashes, changes: readonly FileChange[]): SideHashes {
  const of = (side: Side): ContentHashes => {
    const keys = changes.flatMap(({ start, [side]: file }) =>
      file === undefined ? [] : [hashKey(start, file.inode)],
    )
    const known = hashes[side]
    return new Map(keys.map((key) => [key, known.get(key)] as const).filter(isKnown))
  }
  return { before: of('before'), after: of('after') }
}

function isKnown(entry: readonly [string, string | undefined]): entry is readonly [string, string] {
  return entry[1] !== undefined
}

/** Changes that are kept, and how many there are beyond. */
interface Changes {
  readonly kept: readonly FileChange[]
  readonly cut: number
}

export function firstOf(changes: readonly FileChange[], limit: number): Changes {
  const most = Math.max(0, limit)
  return { kept: changes.slice(0, most), cut: Math.max(0, changes.length - most) }
}

interface WholeListing {
  readonly start: number
  readonly before: readonly ListedFile[]
  readonly after: readonly ListedFile[]
}

/** Of each region; undefined where it is not listed, or where there would be too many names altogether. */
async function wholeListings(
  regions: readonly DiskRegion[],
  inodes: DiskInodes,
): Promise<(WholeListing | undefined)[]> {
  const listings: (WholeListing | undefined)[] = []
  let left = MAX_STRICT_NAMES
  for (const region of regions) {
    const { start, before, after } = region
    const files = async (side: Side) => inodes.ofFiles(region, side, await filesIn(region[side]?.names))
    const count = Math.max(before?.names?.count ?? 0, after?.names?.count ?? 0)
    const isWhole = after?.names !== undefined && count <= left
    if (isWhole) left -= count
    listings.push(isWhole ? { start, before: await files('before'), after: await files('after') } : undefined)
  }
  return listings
}

/** By what the listings say. */
async function changesIn(
  { start, before, after }: DiskRegion,
  { wasRunning, limit }: { readonly wasRunning: boolean; readonly limit: number },
): Promise<Changes> {
  // What cannot be listed is not one without files.
  if (after?.names === undefined) return { kept: [], cut: 0 }
  const suspect = suspectOf(before, wasRunning)
  const found = await unmatchedNames(before?.names, after.names, { limit, suspect })
  const kept = compareListings(start, found.before, found.after, () => false, suspect)
  return { kept, cut: found.cut }
}

/** Times are in seconds: in the last one of a guest that went on, there may have been writes that changed none. */
function suspectOf(before: RegionSide | undefined, wasRunning: boolean): number | undefined {
  return wasRunning ? before?.names?.latest : undefined
}

interface StrictOptions {
  readonly wasRunning: boolean
  readonly hashes: SideHashes
  /** Gets the paths of files whose content is not known. */
  readonly unverified: string[]
}

/** By what the listings say, and by the content of files. */
function strictChangesIn(
  { start, prefix, before }: DiskRegion,
  listing: WholeListing,
  { wasRunning, hashes, unverified }: StrictOptions,
): FileChange[] {
  const differs = (a: ListedFile, b: ListedFile): boolean => {
    if (b.kind !== 'file') return false
    if (b.inode.includes('-') && STREAM.test(b.path)) return true
    const was = hashes.before.get(hashKey(start, a.inode))
    const is = hashes.after.get(hashKey(start, b.inode))
    if (b.size > 0 && (was === undefined || is === undefined)) unverified.push(`${prefix}${textOf(b.path)}`)
    return was !== is
  }
  return compareListings(start, listing.before, listing.after, differs, suspectOf(before, wasRunning))
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

function hashedFiles(listing: WholeListing | undefined, side: Side) {
  return (listing?.[side] ?? []).map(({ kind, size, inode }) => ({
    start: listing?.start ?? 0,
    kind,
    size,
    inode,
  }))
}

function sides([before, after]: readonly [ContentHashes, ContentHashes]): SideHashes {
  return { before, after }
}
