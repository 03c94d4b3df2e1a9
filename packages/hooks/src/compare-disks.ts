import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { type EvidenceWarning, evidenceWarning, SeeError, together } from '@see/core'
import { compareListings, type FileChange } from './compare-listings.ts'
import { type ContentHashes, contentHashes, hashKey } from './content-hashes.ts'
import { fileSystemStarts } from './disk-layout.ts'
import { type FileSystem, listDisk } from './disk-listing.ts'
import type { DiskTools } from './disk-tools.ts'
import type { PartitionEntry } from './filesystem-report.ts'
import type { ListedFile } from './listed-file.ts'

/** A file system that is on one of the disks, or on both. */
interface ComparedFileSystem {
  readonly start: number
  /** What its paths begin with. */
  readonly prefix: string
  readonly before: FileSystem | undefined
  readonly after: FileSystem | undefined
}

/** Of both disks, what the content of a file is, where it was read in full. */
interface SideHashes {
  readonly before: ContentHashes
  readonly after: ContentHashes
}

export interface DiskComparison {
  readonly fileSystems: readonly ComparedFileSystem[]
  readonly partitions: readonly PartitionEntry[]
  readonly changes: readonly FileChange[]
  readonly hashes: SideHashes
  readonly warnings: readonly EvidenceWarning[]
  readonly errors: readonly string[]
}

const NONE: ContentHashes = new Map()
/** Of an alternate data stream of NTFS, which fiwalk leaves out. */
const STREAM = /:[^/:]+$/s
const MAX_ERRORS = 20

interface CompareOptions {
  /** Also compare the content of every file. */
  readonly strict: boolean
  readonly concurrent: boolean
  /** The disk before is that of a guest which went on. */
  readonly wasRunning: boolean
  /** A folder to work in. */
  readonly work: string
}

/**
 * Lists both disks and finds what may have changed.
 * @throws SeeError `TOOL_FAILED`, or `EVIDENCE_UNSUPPORTED` when there is no file system that can be read
 */
export async function compareDisks(
  tools: DiskTools,
  [before, after]: readonly [string, string],
  { strict, concurrent, wasRunning, work }: CompareOptions,
): Promise<DiskComparison> {
  const both = async <Result>(ask: (disk: string) => Promise<Result>) =>
    concurrent
      ? // Whoever clears up after one that failed is not to find the other at work.
        await together(ask(before), ask(after))
      : ([await ask(before), await ask(after)] as const)
  const starts = [...new Set((await both((disk) => fileSystemStarts(tools, disk))).flat())].toSorted(
    (a, b) => a - b,
  )
  const list = async (disk: string) => listDisk(tools, disk, starts, await mkdtemp(join(work, 'listing-')))
  const [formerly, now] = await both(list)
  const fileSystems = compared(starts, formerly, now)
  const [former, present] = strict ? await both((disk) => contentHashes(tools, disk)) : [NONE, NONE]
  const hashes = { before: former, after: present }
  const unverified: string[] = []
  const changes = fileSystems.flatMap((each) => {
    const verify = (a: ListedFile, b: ListedFile): boolean => {
      if (!strict || b.kind !== 'file') return false
      if (b.inode.includes('-') && STREAM.test(b.path)) return true
      const [was, is] = [former.get(hashKey(each.start, a.inode)), present.get(hashKey(each.start, b.inode))]
      if (b.size > 0 && (was === undefined || is === undefined)) unverified.push(`${each.prefix}${b.path}`)
      return was !== is
    }
    // What cannot be listed is an error, and not one without files.
    if (each.after === undefined) return []
    return compareListings(each.start, each.before?.files ?? [], each.after.files, verify, wasRunning)
  })
  return {
    fileSystems,
    partitions: fileSystems.map(partitionEntry),
    changes,
    hashes,
    warnings: fileSystems.flatMap(warningsOf),
    errors: [...fileSystems.flatMap(goneFrom), ...unverifiedIn(unverified)],
  }
}

function compared(
  starts: readonly number[],
  before: ReadonlyMap<number, FileSystem>,
  after: ReadonlyMap<number, FileSystem>,
): ComparedFileSystem[] {
  if (before.size === 0) {
    throw new SeeError(
      'EVIDENCE_UNSUPPORTED',
      'no file system that The Sleuth Kit can read is on the disk that the guest started from',
    )
  }
  const isBare = starts.length === 1 && starts[0] === 0
  return starts.flatMap((start, index) => {
    const each = { before: before.get(start), after: after.get(start) }
    if (each.before === undefined && each.after === undefined) return []
    return [{ start, prefix: isBare ? '' : `p${index + 1}:`, ...each }]
  })
}

function partitionEntry({ start, prefix, before, after }: ComparedFileSystem): PartitionEntry {
  return {
    name: prefix === '' ? null : prefix.slice(0, -1),
    start_sector: start,
    original_file_system: before?.type ?? null,
    file_system: after?.type ?? null,
  }
}

function goneFrom({ start, before, after }: ComparedFileSystem): string[] {
  if (before === undefined || after?.type === before.type) return []
  const instead = after === undefined ? 'cannot be recognised any more' : `is one of ${after.type} now`
  return [`the file system of ${before.type} at sector ${start} ${instead}`]
}

function warningsOf({ start, after }: ComparedFileSystem): EvidenceWarning[] {
  if (after?.hasPendingJournal !== true) return []
  return [
    evidenceWarning(
      'DISK_JOURNAL_PENDING',
      `the file system at sector ${start}`,
      'its journal holds changes that were not in place yet; shut the guest down before its disk is compared',
    ),
  ]
}

function unverifiedIn(paths: readonly string[]): string[] {
  if (paths.length === 0) return []
  const names = paths.slice(0, MAX_ERRORS).join(', ')
  return [`the content of ${paths.length} files could not be compared: ${names}`]
}
