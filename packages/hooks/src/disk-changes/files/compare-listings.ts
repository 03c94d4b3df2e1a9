import { hasSameAttributes, hasSameFlags } from './attributes.ts'
import type { ListedFile } from './listed-file.ts'

/** A file that is there on one side only, or not the same on both. */
export interface FileChange {
  /** The sector at which its file system begins. */
  readonly start: number
  readonly before: ListedFile | undefined
  readonly after: ListedFile | undefined
}

/** The disk as it was, or as it is now. */
export type Side = Exclude<keyof FileChange, 'start'>

/** Decides whether the content of a file that exists on both sides differs, though nothing else may. */
export type ContentDiffers = (before: ListedFile, after: ListedFile) => boolean

/**
 * What is new, gone, or may have been changed, from one listing of a file system to the next. A file that is on both sides
 * with the same content but other times may still turn out to be unchanged: its content says. They come in the order of
 * their paths; directories have names in the order in which a guest happened to make them.
 * @param suspect the file that was changed last before may differ without a sign: its time is in whole seconds
 */
export function compareListings(
  start: number,
  before: readonly ListedFile[],
  after: readonly ListedFile[],
  contentDiffers: ContentDiffers,
  suspect: number | undefined,
): FileChange[] {
  const rest = byPath(before)
  const changes: FileChange[] = []
  for (const file of after) {
    const former = take(rest, file)
    if (former === undefined) changes.push({ start, before: undefined, after: file })
    else if (mayDiffer(former, file) || former.ctime === suspect || contentDiffers(former, file)) {
      changes.push({ start, before: former, after: file })
    }
  }
  for (const file of [...rest.values()].flat()) changes.push({ start, before: file, after: undefined })
  return changes.toSorted((a, b) => compare(pathOf(a), pathOf(b)))
}

function pathOf({ before, after }: FileChange): string {
  return (after ?? before)?.path ?? ''
}

function compare(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

function byPath(files: readonly ListedFile[]): Map<string, ListedFile[]> {
  const map = new Map<string, ListedFile[]>()
  for (const file of files) {
    const same = map.get(file.path)
    if (same === undefined) map.set(file.path, [file])
    else same.push(file)
  }
  return map
}

/** Several names may be listed alike, when they differ in characters that fls does not tell: the inode tells them apart. */
function take(files: Map<string, ListedFile[]>, { path, inode }: ListedFile): ListedFile | undefined {
  const same = files.get(path)
  if (same === undefined) return undefined
  const index = Math.max(
    0,
    same.findIndex((file) => file.inode === inode),
  )
  const [taken] = same.splice(index, 1)
  if (same.length === 0) files.delete(path)
  return taken
}

function mayDiffer(before: ListedFile, after: ListedFile): boolean {
  const isSame =
    before.kind === after.kind &&
    before.permissions === after.permissions &&
    before.uid === after.uid &&
    before.gid === after.gid &&
    before.target === after.target &&
    // A directory's changes with its attributes; what is in it is listed itself.
    isSameTime(before, after, 'ctime') &&
    (after.kind === 'directory' ||
      (before.size === after.size && isSameTime(before, after, 'mtime') && before.inode === after.inode)) &&
    before.device === after.device &&
    isSameMetadata(before, after)
  return !isSame
}

/** To the nanosecond, where the reader reports it. */
function isSameTime(before: ListedFile, after: ListedFile, time: 'mtime' | 'ctime'): boolean {
  return before[time] === after[time] && before[`${time}Ns`] === after[`${time}Ns`]
}

function isSameMetadata(before: ListedFile, after: ListedFile): boolean {
  return hasSameAttributes(before, after) && hasSameFlags(before, after)
}

/** What differs of a file on both sides; the sums are those of its contents, where they are known. */
export function differencesOf(
  before: ListedFile,
  after: ListedFile,
  sha1: { readonly before: string | undefined; readonly after: string | undefined },
): string[] {
  const hasContent = after.kind !== 'directory'
  const hasTimes = hasContent && after.isOfDirectory !== true
  const isLink = before.kind === 'symbolic link' && after.kind === before.kind
  const differences = [
    ...(before.kind === after.kind ? [] : ['kind']),
    ...(before.permissions === after.permissions ? [] : ['permissions']),
    ...(before.uid === after.uid && before.gid === after.gid ? [] : ['owner']),
    ...(before.target === after.target ? [] : ['target']),
    ...(before.device === after.device ? [] : ['device']),
    ...(hasSameAttributes(before, after) ? [] : ['attributes']),
    ...(hasSameFlags(before, after) ? [] : ['flags']),
    // A link's size is that of its target.
    ...(hasContent && !isLink && before.size !== after.size ? ['size'] : []),
    ...(sha1.before === sha1.after ? [] : ['content']),
    ...(hasTimes && !isSameTime(before, after, 'mtime') ? ['mtime'] : []),
  ]
  // The times of the inode change with a link to it as well: they count where something else may be what changed.
  const isCounted =
    isUnknown(before, sha1.before) ||
    isUnknown(after, sha1.after) ||
    (differences.length === 0 && hasTimes && !hasAttributes(before, after))
  return isCounted && !isSameTime(before, after, 'ctime') ? [...differences, 'ctime'] : differences
}

/** Whether what has no column of its own in a listing was read. */
function hasAttributes(before: ListedFile, after: ListedFile): boolean {
  return before.attributes !== undefined && after.attributes !== undefined
}

/** Whether it has content that was not read. */
function isUnknown({ kind, size }: ListedFile, sha1: string | undefined): boolean {
  return kind === 'file' && size > 0 && sha1 === undefined
}
