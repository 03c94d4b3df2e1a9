import type { Side } from '../files/compare-listings.ts'
import type { ListedFile } from '../files/listed-file.ts'
import type { DiskInodes } from './disk-inodes.ts'
import type { DiskRegion } from './disk-regions.ts'
import { filesIn } from './listed-names.ts'

/** Names on either disk whose content is compared; of file systems with more, only the listings are. */
const MAX_STRICT_NAMES = 90_000
/** Why the content of a region's files is not compared. */
export const TOO_MANY_NAMES = `with it, there are more than ${MAX_STRICT_NAMES} names`

/** All files of a region, on both disks. */
export interface WholeListing {
  readonly start: number
  readonly before: readonly ListedFile[]
  readonly after: readonly ListedFile[]
}

/**
 * Lists all files of each region; undefined where a region is not listed, or where there would be too many names
 * altogether.
 */
export async function wholeListings(
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

/** The files of a side, as `contentHashes` takes them. */
export function hashedFiles(listing: WholeListing | undefined, side: Side) {
  return (listing?.[side] ?? []).map(({ kind, size, inode }) => ({
    start: listing?.start ?? 0,
    kind,
    size,
    inode,
  }))
}
