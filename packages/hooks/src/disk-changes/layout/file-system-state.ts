/** What the first bytes of a file system say of its state. */
export interface FileSystemState {
  /** Its journal holds changes that are not in place yet, and not listed. */
  readonly hasPendingJournal: boolean
  /** Why it may not be as its files' owners left it: it was in use, or has errors. */
  readonly dirty: string | undefined
  /** Why The Sleuth Kit would list it wrong, without complaint. */
  readonly misread: string | undefined
}

/** What is said of ext2, 3 and 4 that are in use, or were when the power was cut. */
export const NOT_UNMOUNTED = 'it was not unmounted'

export const QUIET: FileSystemState = { hasPendingJournal: false, dirty: undefined, misread: undefined }

/** First bytes of a file system, which show its state. */
export const HEAD_BYTES = 4096

// The superblock of ext2, 3 and 4 (Linux, Documentation/filesystems/ext4/super.rst).
const SUPERBLOCK = 1024
const MAGIC = 0xef53
const NEEDS_RECOVERY = 0x4
const META_BG = 0x10
const BIGALLOC = 0x200
/** Incompatible features with which The Sleuth Kit was seen to list and read files right. */
const READ_RIGHT =
  0x2 | NEEDS_RECOVERY | 0x40 | 0x80 | 0x100 | 0x200 | 0x400 | 0x2000 | 0x4000 | 0x8000 | 0x10000 | 0x20000
const UNMOUNTED = 0x1
const HAS_ERRORS = 0x2

/** @param head the first bytes of the file system */
export function stateOfExt(head: Buffer): FileSystemState {
  if (head.length < SUPERBLOCK + 264 || head.readUInt16LE(SUPERBLOCK + 56) !== MAGIC) return QUIET
  const state = head.readUInt16LE(SUPERBLOCK + 58)
  const [incompatible, readOnly] = [head.readUInt32LE(SUPERBLOCK + 96), head.readUInt32LE(SUPERBLOCK + 100)]
  const hasPendingJournal = (incompatible & NEEDS_RECOVERY) !== 0
  return {
    hasPendingJournal,
    dirty: dirtyExt(state, hasPendingJournal),
    misread: misreadExt(incompatible, readOnly),
  }
}

function dirtyExt(state: number, hasPendingJournal: boolean): string | undefined {
  if ((state & HAS_ERRORS) !== 0) return 'its kernel found errors in it'
  // One with a journal is not marked so while it is mounted.
  return (state & UNMOUNTED) === 0 && !hasPendingJournal ? NOT_UNMOUNTED : undefined
}

function misreadExt(incompatible: number, readOnly: number): string | undefined {
  if ((incompatible & META_BG) !== 0) return 'The Sleuth Kit reads files of ext4 with meta_bg wrong'
  if ((readOnly & BIGALLOC) !== 0) return 'The Sleuth Kit does not read ext4 with bigalloc'
  const unknown = (incompatible & ~READ_RIGHT) >>> 0
  if (unknown === 0) return undefined
  return `it has features of ext4 that The Sleuth Kit does not know (0x${unknown.toString(16)})`
}

// NTFS: $VOLUME_INFORMATION of the file 3, and the restart pages of $LogFile.
const DIRTY_FLAG = 0x1
const PAGE_BYTES = 4096
const NO_CLIENT = 0xffff
const IS_CLEAN = 0x2

/**
 * @param volumeInformation the content of the attribute `$VOLUME_INFORMATION`
 * @param log the first two pages of `$LogFile`
 */
export function stateOfNtfs(volumeInformation: Buffer, log: Buffer): FileSystemState {
  return { hasPendingJournal: isLogInUse(log), dirty: dirtyNtfs(volumeInformation, log), misread: undefined }
}

function dirtyNtfs(volumeInformation: Buffer, log: Buffer): string | undefined {
  if (volumeInformation.length < 12) return 'whether it was unmounted cannot be read'
  if ((volumeInformation.readUInt16LE(10) & DIRTY_FLAG) !== 0) return 'its volume is marked as dirty'
  return log.length < 2 * PAGE_BYTES ? 'its journal cannot be read' : undefined
}

/** The newer of the two restart pages counts; a log that was never written is all ones. */
function isLogInUse(log: Buffer): boolean {
  const pages = [0, PAGE_BYTES].map((at) => restartArea(log.subarray(at, at + PAGE_BYTES)))
  const [newest] = pages
    .filter((page) => page !== undefined)
    .toSorted((a, b) => Number(b.sequence - a.sequence))
  return newest !== undefined && newest.clients !== NO_CLIENT && (newest.flags & IS_CLEAN) === 0
}

function restartArea(page: Buffer): { sequence: bigint; clients: number; flags: number } | undefined {
  if (page.length < PAGE_BYTES || page.toString('latin1', 0, 4) !== 'RSTR') return undefined
  const at = page.readUInt16LE(24)
  if (at + 16 > page.length) return undefined
  return {
    sequence: page.readBigUInt64LE(at),
    clients: page.readUInt16LE(at + 12),
    flags: page.readUInt16LE(at + 14),
  }
}
