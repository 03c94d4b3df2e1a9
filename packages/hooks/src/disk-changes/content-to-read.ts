import type { ListedFile } from './files/listed-file.ts'

/** Bytes of a symbolic link's target, at most: symlink(7). */
const MAX_TARGET = 4096

/** Bytes that are read of a file for the report; 0 when it is larger than the limit, or has no content to read. */
export function bytesToRead(file: ListedFile | undefined, sizeLimit: number): number {
  if (file === undefined || !(file.kind === 'file' || hasUnlistedTarget(file))) return 0
  return file.size <= (file.kind === 'file' ? sizeLimit : MAX_TARGET) ? file.size : 0
}

/** The Sleuth Kit does not list the target of a link of ext4 that is too long for its inode: it is read as a content. */
export function hasUnlistedTarget({ kind, target, size }: ListedFile): boolean {
  return kind === 'symbolic link' && target === undefined && size > 0
}
