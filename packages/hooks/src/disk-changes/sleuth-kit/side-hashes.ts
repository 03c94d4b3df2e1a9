import type { FileChange, Side } from '../files/compare-listings.ts'
import { type ContentHashes, hashKey } from './content-hashes.ts'

/** SHA-1 sums of the files of both disks, where their content was read in full. */
export interface SideHashes {
  readonly before: ContentHashes
  readonly after: ContentHashes
}

export const NO_HASHES: SideHashes = { before: new Map(), after: new Map() }

export function hashesOfSides([before, after]: readonly [ContentHashes, ContentHashes]): SideHashes {
  return { before, after }
}

/** Keeps the sums of changed files: the others are of no interest any more, and may be many. */
export function hashesOfChanges(hashes: SideHashes, changes: readonly FileChange[]): SideHashes {
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
