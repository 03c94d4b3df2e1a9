import type { ComparedRegion } from './sleuth-kit/compare-disks.ts'
import type { RegionSide } from './sleuth-kit/disk-regions.ts'

/** What is not compared of a file system whose files were; `docs/limits.md` says what each means. */
export const uncompared = [
  'access_control_lists',
  'attributes',
  'content_without_trace',
  'dos_attributes',
  'holes',
  'times_beyond_32_bits',
  'times_of_folder_streams',
  'unused_space',
] as const

export type Uncompared = (typeof uncompared)[number]

/** What The Sleuth Kit does not report, for each kind by how its name begins; for any other: attributes. */
const UNTOLD: readonly (readonly [kind: string, untold: readonly Uncompared[]])[] = [
  ['ext', []],
  ['iso9660', []],
  ['fat', ['dos_attributes']],
  ['exfat', ['dos_attributes']],
  ['ntfs', ['dos_attributes', 'access_control_lists', 'times_of_folder_streams', 'times_beyond_32_bits']],
]

/**
 * What "no changes" leaves out: the limits of how a region was compared, whatever is in it. What is amiss with one disk is
 * a warning.
 */
export function uncomparedIn({ before, after, isSame }: ComparedRegion, strict: boolean): Uncompared[] {
  const sides = [before, after].filter((side) => side !== undefined)
  if (isSame || sides.some(({ readBy }) => readBy === null)) return []
  const all = new Set<Uncompared>(sides.flatMap((side) => uncomparedOf(side, strict)))
  return [...all].toSorted()
}

function uncomparedOf({ readBy, type }: RegionSide, strict: boolean): readonly Uncompared[] {
  if (readBy === 'volumes') return ['unused_space']
  const untold = UNTOLD.find(([kind]) => type?.startsWith(kind))?.[1] ?? ['attributes']
  return [
    'holes',
    'unused_space',
    ...(strict ? [] : (['content_without_trace'] as const)),
    ...(readBy === 'kernel' ? [] : untold),
  ]
}
