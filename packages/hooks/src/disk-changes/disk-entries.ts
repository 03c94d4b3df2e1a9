import type { ComparedRegion, DiskComparison } from './sleuth-kit/compare-disks.ts'
import type { RegionSide } from './sleuth-kit/disk-regions.ts'
import type { ChangedGap, PartitionEntry } from './filesystem-report.ts'
import { SECTOR_BYTES } from './layout/partition-table.ts'
import { uncomparedIn } from './uncompared.ts'

/** The report's entry of a region. */
export function partitionEntry(region: ComparedRegion, strict: boolean): PartitionEntry {
  const { name, start, before, after, isSame } = region
  return {
    name,
    start_sector: start < 0 ? null : start,
    original_sectors: before?.sectors ?? null,
    sectors: after?.sectors ?? null,
    original_file_system: fileSystemOf(before),
    file_system: fileSystemOf(after),
    original_content: before?.type ?? null,
    content: after?.type ?? null,
    compared: comparedBy({ before, after, isSame }),
    not_compared: uncomparedIn(region, strict && region.whyNotStrict === undefined),
  }
}

export function gapEntries({ changedGaps }: DiskComparison): ChangedGap[] {
  return changedGaps.map(({ offset, length }) => ({
    start_sector: offset / SECTOR_BYTES,
    sectors: Math.ceil(length / SECTOR_BYTES),
    kind: offset === 0 ? 'boot' : 'gap',
  }))
}

function fileSystemOf(side: RegionSide | undefined): string | null {
  return side === undefined || side.readBy === null || side.readBy === 'volumes' ? null : side.type
}

function comparedBy({ before, after, isSame }: Pick<ComparedRegion, 'before' | 'after' | 'isSame'>) {
  if (isSame) return 'same'
  if ([before, after].some((side) => side?.readBy === 'volumes')) return 'volumes'
  return [before, after].every((side) => side === undefined || side.readBy !== null) ? 'files' : 'changed'
}
