import { mkdtemp } from 'node:fs/promises'
import { join } from 'node:path'
import { type AnyEvent, type EvidenceWarning, evidenceWarning, SeeError, temporaryFolder } from '@see/core'
import { analyseDisk } from './analyse-disk.ts'
import { diskStateSettings } from './disk-state-settings.ts'
import { checkpointsOf, type Subject, subjectNow, subjectOf } from './disk-subject.ts'
import { requireDiskTools } from './disk-tools-required.ts'
import type { ClaimedName } from '../results/claimed-names.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import { EvidenceWriter } from '../results/evidence-writer.ts'
import type { FilesystemReport } from './filesystem-report.ts'
import { isFolder } from '../results/is-folder.ts'
import { jsonParts } from '../results/json-parts.ts'
import { type Evidence, ProcessingHook } from '../analysis/processing.ts'
import { requireReader } from './kernel/reader-kit.ts'
import {
  diskSuffix,
  type NamedDisk,
  requireGuestDisk,
  requireGuestDisks,
  saveDisk,
} from '../disk/save-disk.ts'
import { throwAll } from '../results/throw-all.ts'

/** Reports what a guest changed on its disks; writes `<identifier>_filesystem.json`, and one for each further disk. */
export class DiskStateAnalyser extends ProcessingHook<typeof diskStateSettings> {
  static override readonly schema: typeof diskStateSettings = diskStateSettings
  #folder = ''
  readonly #evidence = new EvidenceWriter(this)
  readonly #extracted: string[] = []

  async setup(): Promise<void> {
    await requireGuestDisk(this.context, 'DiskStateAnalyser')
    await requireDiskTools(this.configuration, this.context.signal)
    await requireReader(this.configuration.reader)
    this.#folder = await this.#evidence.open()
    this.listen(this.configuration)
  }

  protected override async processed(): Promise<void> {
    for (const path of this.#extracted.splice(0)) await this.context.trigger('files_extracted', { path })
  }

  protected async process(evidence: readonly Evidence[], event: AnyEvent): Promise<void> {
    const disks = await requireGuestDisks(this.context, 'DiskStateAnalyser')
    await using folder = await temporaryFolder('.see-disk-', this.#folder)
    const work = folder.path
    // All of them before any is analysed: the guest may go on meanwhile.
    const subjects =
      evidence.length === 0
        ? await this.#subjectsNow(disks, event, work)
        : await this.#subjectsOf(disks, evidence)
    await this.#analyse(subjects, work, event)
  }

  async #subjectsNow(disks: readonly NamedDisk[], event: AnyEvent, work: string): Promise<Subject[]> {
    const subjects: Subject[] = []
    for (const disk of disks) {
      const path = join(work, `disk${diskSuffix(disk)}.qcow2`)
      await saveDisk(this.context, disk, path, { why: `at ${event.name}`, signal: this.context.signal })
      subjects.push(await subjectNow(disk, path))
    }
    return subjects
  }

  async #subjectsOf(disks: readonly NamedDisk[], evidence: readonly Evidence[]): Promise<Subject[]> {
    const subjects: Subject[] = []
    for (const disk of disks) {
      const [first, ...more] = checkpointsOf(disk, evidence)
      if (first === undefined) this.warnOf([notAmong(disk)])
      else subjects.push(await subjectOf(disk, [first, ...more]))
    }
    return subjects
  }

  /** The bounds hold for all disks together. */
  async #analyse(subjects: readonly Subject[], work: string, event: AnyEvent): Promise<void> {
    const { timeout, changes_limit, extract_limit } = this.configuration
    const deadlineMs = performance.now() + timeout * 1000
    const left = { changes: changes_limit, extractBytes: extract_limit }
    const failures: unknown[] = []
    let name: ClaimedName | undefined
    for (const [index, subject] of subjects.entries()) {
      this.context.signal.throwIfAborted()
      const now = performance.now()
      const share = (deadlineMs - now) / (subjects.length - index)
      const claimed = () => (name ??= this.#evidence.claim('filesystem', { extensions: ['json'] }))
      const suffix = diskSuffix(subject.disk)
      const extractTo = () =>
        join(this.#folder, `${this.identifier}_extracted_files${claimed().suffix}${suffix}`)
      const of = () => `${claimed().base}${suffix}.json`
      const extracted = (path: string): void => {
        this.#evidence.entry(path, { kind: 'extracted_file', event, of: of(), isSilent: true }).endUnread()
      }
      try {
        const { report, folder } = await analyseDisk(subject, {
          configuration: this.configuration,
          deadlineMs: now + share,
          left,
          extractTo,
          extracted,
          work: await mkdtemp(join(work, 'of-')),
          signal: this.context.signal,
          known: subject.disk.target === undefined ? this.#allocationWarnings() : [],
        })
        if (await isFolder(folder)) this.#extracted.push(folder)
        this.warnOf(report.warnings.map((warning) => ofDisk(warning, subject.disk)))
        await this.#write(report, this.#evidence.entry(of(), { kind: 'disk_changes', event }))
      } catch (error) {
        // A guest must not hide one disk by what it does to another.
        failures.push(error)
      }
    }
    throwAll(failures)
  }

  /** What was known before of disks that no hook reads. */
  #allocationWarnings(): EvidenceWarning[] {
    return this.context.warnings.filter(({ code }) => code === 'DISK_NOT_COMPARED')
  }

  async #write(report: FilesystemReport, file: EvidenceEntry): Promise<void> {
    const { path } = file
    const isComplete = report.warnings.length === 0 && report.errors.length === 0
    await file.write(jsonParts(report), isComplete ? 'complete' : 'incomplete')
    const { disk, created_files, modified_files, deleted_files, errors } = report
    this.logger.info(
      { path, created: created_files.length, modified: modified_files.length, deleted: deleted_files.length },
      'disk analysed',
    )
    const [first] = errors
    if (first === undefined) return
    const more = errors.length === 1 ? '' : `, and ${errors.length - 1} more, which ${path} lists`
    const which = disk === undefined ? 'the disk' : `the disk ${disk}`
    throw new SeeError('TOOL_FAILED', `not all of ${which} could be compared: ${first}${more}`)
  }
}

function ofDisk({ code, what, why }: EvidenceWarning, { target }: NamedDisk): EvidenceWarning {
  return evidenceWarning(code, target === undefined ? what : `the disk ${target}: ${what}`, why)
}

function notAmong({ target = 'without a name' }: NamedDisk): EvidenceWarning {
  const why =
    'what the analysis was started with has no checkpoint of it; DiskCheckPointHook takes one of each'
  return evidenceWarning('DISK_NOT_COMPARED', `the disk ${target}`, why)
}
