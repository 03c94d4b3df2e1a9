import type { DiskLayout } from '../layout/disk-layout.ts'
import type { Place, PlaceContent } from './disk-listing.ts'

/** What one disk has in a region. */
export interface RegionSide extends PlaceContent {
  /** Length in sectors of 512 bytes. */
  readonly sectors: number
  /** The type that the partition table says; null for a disk without one. */
  readonly partitionType: string | null
}

/** A partition of either disk, the whole of a disk, or a volume that partitions hold. */
export interface DiskRegion {
  /** As it stands in paths; null for the whole disk. */
  readonly name: string | null
  /** What its paths begin with. */
  readonly prefix: string
  /** The sector of 512 bytes at which it begins; below 0 for a volume that has no one place on the disk. */
  readonly start: number
  /** Undefined when the disk has no partition that begins there. */
  readonly before: RegionSide | undefined
  readonly after: RegionSide | undefined
}

/** The places at which both disks are looked at: each partition of either, and the whole disk. */
export function placesOf(layouts: readonly [DiskLayout, DiskLayout]): Place[] {
  const sectors = new Map([[0, Math.floor(Math.max(...layouts.map(({ sizeBytes }) => sizeBytes)) / 512)]])
  for (const { partitions } of layouts) {
    for (const each of partitions)
      sectors.set(each.start, Math.max(each.sectors, sectors.get(each.start) ?? 0))
  }
  return [...sectors]
    .map(([start, length]) => ({ start, sectors: length }))
    .toSorted((a, b) => a.start - b.start)
}

interface DiskSide {
  readonly layout: DiskLayout
  readonly contents: ReadonlyMap<number, PlaceContent>
}

/** Both disks' regions, in the order of their starts. */
export function regionsOf(places: readonly Place[], before: DiskSide, after: DiskSide): DiskRegion[] {
  const regions: DiskRegion[] = []
  let number = 0
  for (const { start } of places) {
    const sides = { before: sideAt(start, before), after: sideAt(start, after) }
    if (start === 0) {
      // With partitions the disk as a whole is usually nothing.
      const isNothing = [sides.before, sides.after].every((side) => side === undefined || side.type === null)
      if (isNothing && places.length > 1) continue
      regions.push({ name: null, prefix: '', start, ...sides })
    } else {
      const name = `p${++number}`
      regions.push({ name, prefix: `${name}:`, start, ...sides })
    }
  }
  return regions
}

/** A file system is there whether the partition table says so or not. */
function sideAt(start: number, { layout, contents }: DiskSide): RegionSide | undefined {
  const content = contents.get(start)
  if (content === undefined) return undefined
  if (start === 0) return { ...content, sectors: Math.floor(layout.sizeBytes / 512), partitionType: null }
  const partition = layout.partitions.find((each) => each.start === start)
  if (partition !== undefined)
    return { ...content, sectors: partition.sectors, partitionType: partition.type }
  return content.type === null ? undefined : { ...content, sectors: 0, partitionType: null }
}
