import type { ByteRange } from '../tools/disk-bytes.ts'
import type { DiskLayout } from './disk-layout.ts'
import { SECTOR_BYTES } from './partition-table.ts'

/** The space that is in no partition of either disk; none of a disk without partitions. */
export function gapsOf(layouts: readonly DiskLayout[]): ByteRange[] {
  const partitions = layouts
    .flatMap((layout) => layout.partitions)
    .map(({ start, sectors }) => ({ offset: start * SECTOR_BYTES, end: (start + sectors) * SECTOR_BYTES }))
    .toSorted((a, b) => a.offset - b.offset)
  if (partitions.length === 0) return []
  const sizeBytes = Math.max(...layouts.map((layout) => layout.sizeBytes))
  const gaps: ByteRange[] = []
  let position = 0
  for (const { offset, end } of [...partitions, { offset: sizeBytes, end: sizeBytes }]) {
    if (offset > position) gaps.push({ offset: position, length: offset - position })
    position = Math.max(position, end)
  }
  return gaps
}
