import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { allOrCollect, type ImageLayer } from '@see/core'
import type { FileChange, Side } from '../files/compare-listings.ts'
import { contentHashes } from './content-hashes.ts'
import { differingAreas } from '../layout/differing-areas.ts'
import type { ByteRange } from '../tools/disk-bytes.ts'
import { type DiskLayout, diskLayout } from '../layout/disk-layout.ts'
import { DiskInodes } from './disk-inodes.ts'
import { listDisk } from './disk-listing.ts'
import { type DiskRegion, placesOf, regionsOf } from './disk-regions.ts'
import type { DiskTools } from '../tools/disk-tools.ts'
import { LARGE_SECTOR_BYTES, SECTOR_BYTES } from '../layout/partition-table.ts'
import { changesIn, firstOf, strictChangesIn } from './region-changes.ts'
import { hashesOfChanges, hashesOfSides, NO_HASHES, type SideHashes } from './side-hashes.ts'
import { gapsOf } from '../layout/unpartitioned.ts'
import { hashedFiles, TOO_MANY_NAMES, wholeListings } from './whole-listings.ts'

/** A region, and what a comparison of its bytes says of one whose files were not listed on both disks. */
export interface ComparedRegion extends DiskRegion {
  /** Every byte is the same; false when that is not so, or when its files were compared. */
  readonly isSame: boolean
  /** Names, at least, that changed and are not among the changes. */
  readonly cut: number
  /** Why the content of its files was not compared, though it should have been. */
  readonly whyNotStrict?: string
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
  /** Paths of files whose content should have been compared, and was not. */
  readonly unverified: readonly string[]
}

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
      ? // A clean-up after a failure of one must not find the other at work.
        await allOrCollect(ask(disks[0]), ask(disks[1]))
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
    ? hashesOfSides(await both((disk) => hash(disk === disks[0] ? 'before' : 'after', disk)))
    : NO_HASHES
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
      ...(isTooLarge ? { whyNotStrict: TOO_MANY_NAMES } : {}),
    })
  }
  const changedGaps = differing.filter(({ region }) => region === undefined)
  return { layouts, regions, changedGaps, changes, hashes: hashesOfChanges(hashes, changes), unverified }
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
