import type { FileChange } from './compare-listings.ts'
import type { ListedFile } from './listed-file.ts'

/** For each file that is gone from one path and exists at another, the other end, both ways. */
export function renamesIn(changes: readonly FileChange[]): Map<ListedFile, ListedFile> {
  const gone = new Map<string, ListedFile>()
  for (const { start, before, after } of changes) {
    if (before !== undefined && after === undefined) gone.set(key(start, before), before)
  }
  const renames = new Map<ListedFile, ListedFile>()
  for (const { start, before, after } of changes) {
    if (after === undefined || before !== undefined) continue
    const former = gone.get(key(start, after))
    if (former === undefined || renames.has(former)) continue
    renames.set(former, after)
    renames.set(after, former)
  }
  return renames
}

/** A number of an inode may be another file's later: that one was made, or written, at another time. */
function key(start: number, { inode, kind, size, crtime, mtime }: ListedFile): string {
  const content = kind === 'directory' ? [] : [size, mtime]
  return [start, inode.split('-')[0], kind, crtime, ...content].join(' ')
}
