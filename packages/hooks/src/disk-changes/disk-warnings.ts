import { type EvidenceWarning, evidenceWarning, SeeError, type StockWarningCode } from '@see/core'
import type { ComparedRegion, DiskComparison } from './sleuth-kit/compare-disks.ts'
import type { LeftOut } from './left-out.ts'
import { textOf } from './files/listed-file.ts'
import type { DiskRegion, RegionSide } from './sleuth-kit/disk-regions.ts'
import { NOT_UNMOUNTED } from './layout/file-system-state.ts'

/** Regions, paths and the like that one warning names. */
const MAX_NAMES = 20
const MAX_NAME = 300
/** What a partition is whose content means nothing after the guest's end. */
const SWAP = 'swap'

/**
 * Says what a comparison of file systems did not look at.
 * @param wasAtRest whether the file systems of the disk before were frozen with it
 */
export function warningsOfDisks({ layouts, regions }: DiskComparison, wasAtRest: boolean): EvidenceWarning[] {
  const [before, after] = layouts
  return [
    ...before.problems.map((problem) => tableWarning('the disk that the guest started from', problem)),
    ...after.problems.map((problem) => tableWarning('the guest’s disk', problem)),
    ...regions.flatMap((region) => warningsOfRegion(region, wasAtRest)),
  ]
}

function warningOf(code: StockWarningCode, paths: readonly string[], why: string): EvidenceWarning[] {
  if (paths.length === 0) return []
  const what = `${paths.length === 1 ? 'a file' : `${paths.length} files`}: ${someOf(paths)}`
  return [evidenceWarning(code, what, why)]
}

/** Says of changed files what was left out. */
export function warningsOfFiles(
  { tooLarge, tooLate, tooMuch, notExtracted, unreadable, unclear }: LeftOut,
  unverified: readonly string[],
): EvidenceWarning[] {
  return [
    ...warningOf(
      'DISK_FILES_NOT_READ',
      tooLarge,
      'larger than size_limit: what they hold was neither hashed nor extracted',
    ),
    ...warningOf(
      'DISK_FILES_NOT_READ',
      tooLate,
      'the time of the analysis was used up before their content was read',
    ),
    ...warningOf(
      'DISK_FILES_NOT_READ',
      tooMuch,
      'the changed files are said to hold several times what the disk has room for; the smallest of them were read',
    ),
    ...warningOf('DISK_FILES_NOT_READ', unreadable, 'their content cannot be read'),
    ...warningOf(
      'DISK_FILES_NOT_READ',
      unverified,
      'their content could not be read, and should have been compared (strict)',
    ),
    ...warningOf('DISK_FILES_NOT_EXTRACTED', notExtracted, 'extract_limit is reached'),
    ...warningOf(
      'DISK_NAMES_UNCLEAR',
      unclear,
      'The Sleuth Kit shows control characters as ^: which they are is not known, nor whether one became another',
    ),
  ]
}

/** What failed, in words. */
export function failuresOf(regions: readonly DiskRegion[]): string[] {
  return regions.flatMap((region) => failuresOfRegion(region))
}

/** @throws SeeError `EVIDENCE_UNSUPPORTED` when the files of no region could be listed */
export function assertAnyListed(regions: readonly DiskRegion[]): void {
  if (regions.some(({ before, after }) => isListed(before) || isListed(after))) return
  const found = regions.map((region) => `${nameOf(region)} ${kindsOf(region)}${whyUnreadIn(region)}`)
  throw new SeeError(
    'EVIDENCE_UNSUPPORTED',
    `no file system that The Sleuth Kit can read is on the disk: ${found.slice(0, MAX_NAMES).join('; ')}`,
  )
}

function whyUnreadIn({ before, after }: DiskRegion): string {
  const why = after?.whyUnread ?? before?.whyUnread
  return why === undefined ? '' : ` (${why})`
}

/** Names of things, of which there may be any number, for one line. */
export function someOf(names: readonly string[]): string {
  const more = names.length > MAX_NAMES ? `, and ${names.length - MAX_NAMES} more` : ''
  const shown = names
    .slice(0, MAX_NAMES)
    .map((name) => (name.length > MAX_NAME ? `…${name.slice(-MAX_NAME)}` : name))
  return `${shown.join(', ')}${more}`
}

function tableWarning(what: string, problem: string): EvidenceWarning {
  return evidenceWarning(
    'DISK_TABLE_DAMAGED',
    `the partition table of ${what}`,
    `${problem}: a guest may see other partitions than are compared`,
  )
}

function warningsOfRegion(region: ComparedRegion, wasAtRest: boolean): EvidenceWarning[] {
  const sides = [region.before, region.after].filter((side) => side !== undefined)
  const warnings: EvidenceWarning[] = []
  const isSwap = sides.every(({ type }) => type === SWAP)
  if (sides.some(({ readBy }) => readBy === null) && !region.isSame && !isSwap) {
    const whyUnread = sides.map((side) => side.whyUnread ?? side.failure).find((why) => why !== undefined)
    warnings.push(
      evidenceWarning(
        'DISK_PARTITION_NOT_COMPARED',
        `${nameOf(region)}, ${kindsOf(region)}`,
        `${region.start < 0 ? 'it may have changed' : 'its bytes changed'}, and its files were not compared: ${whyUnread ?? 'The Sleuth Kit does not read what it holds'}`,
      ),
    )
  }
  if (region.cut > 0) {
    const why = `at least ${region.cut} names more than changes_limit lets the report have: they come after the others by their paths`
    warnings.push(evidenceWarning('DISK_CHANGES_CUT', nameOf(region), why))
  }
  if (region.whyNotStrict !== undefined) {
    const why = `${region.whyNotStrict}, so that content was compared only where a listing differs (strict)`
    warnings.push(evidenceWarning('DISK_FILES_NOT_READ', `files of ${nameOf(region)}`, why))
  }
  for (const [side, which] of [
    [region.before, 'the disk that the guest started from'],
    [region.after, 'the guest’s disk'],
  ] as const) {
    if (side === undefined) continue
    const what = `${nameOf(region)}, ${side.type ?? 'unknown'}, of ${which}`
    if (side.unlisted !== undefined) {
      const why = `not listed, since there are too many or they are too deep: ${someOf(side.unlisted.map(textOf))}`
      warnings.push(evidenceWarning('DISK_FILES_NOT_LISTED', `directories of ${what}`, why))
    }
    const unread = (side.unreadFiles ?? []).map(({ path, why }) => `${textOf(path)} (${why})`)
    if (unread.length > 0)
      warnings.push(evidenceWarning('DISK_FILES_NOT_READ', `files of ${what}`, someOf(unread)))
    if (side.state.hasPendingJournal) warnings.push(evidenceWarning('DISK_JOURNAL_PENDING', what, JOURNAL))
    const isFrozen = wasAtRest && side === region.before && side.state.dirty === NOT_UNMOUNTED
    if (side.state.dirty !== undefined && !isFrozen) {
      warnings.push(evidenceWarning('DISK_FILE_SYSTEM_DIRTY', what, `${side.state.dirty}; ${SHUT_DOWN}`))
    }
  }
  return warnings
}

const SHUT_DOWN = 'shut the guest down before its disk is compared'
const JOURNAL = `its journal holds changes that were not in place yet; ${SHUT_DOWN}`

function failuresOfRegion({ before, after, ...region }: DiskRegion): string[] {
  const name = nameOf(region)
  const failures = [before, after].flatMap((side) =>
    side?.failure === undefined ? [] : [`${name}, ${side.type}, cannot be listed: ${side.failure}`],
  )
  if (!isListed(before) || after?.failure !== undefined || after?.type === before?.type) return failures
  const now =
    after?.type === undefined || after.type === null
      ? 'cannot be recognised any more'
      : `is ${after.type} now`
  return [...failures, `the file system ${before?.type} of ${name} ${now}`]
}

function isListed(side: RegionSide | undefined): boolean {
  return side !== undefined && side.readBy !== null
}

function nameOf({ name, start }: { readonly name: string | null; readonly start: number }): string {
  if (name === null) return 'the whole disk'
  return start < 0 ? name : `${name} (sector ${start})`
}

/** What it was and is, and what the partition table says of it. */
function kindsOf({ before, after }: DiskRegion): string {
  const [was, is] = [kindOf(before), kindOf(after)]
  return was === is ? is : `${is}, formerly ${was}`
}

function kindOf(side: RegionSide | undefined): string {
  if (side === undefined) return 'no partition'
  const type = side.type ?? 'of no known kind'
  return side.type !== null || side.partitionType === null
    ? type
    : `${type}, partition type ${side.partitionType}`
}
