import { compareListings, type FileChange } from '../files/compare-listings.ts'
import { type ListedFile, textOf } from '../files/listed-file.ts'
import { hashKey } from './content-hashes.ts'
import type { DiskRegion, RegionSide } from './disk-regions.ts'
import type { SideHashes } from './side-hashes.ts'
import { unmatchedNames } from './unmatched-names.ts'
import type { WholeListing } from './whole-listings.ts'

/** The path of an alternate data stream of NTFS, which fiwalk leaves out. */
const STREAM = /:[^/:]+$/s

/** Changes that are kept, and how many there are beyond. */
interface Changes {
  readonly kept: readonly FileChange[]
  readonly cut: number
}

/** Cuts changes off behind a number of them. */
export function firstOf(changes: readonly FileChange[], limit: number): Changes {
  const most = Math.max(0, limit)
  return { kept: changes.slice(0, most), cut: Math.max(0, changes.length - most) }
}

/** Finds what changed in a region by what the listings say. */
export async function changesIn(
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

/** Finds what changed in a region by what the listings say, and by the content of files. */
export function strictChangesIn(
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
