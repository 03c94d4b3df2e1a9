import { mkdtemp, rm } from 'node:fs/promises'
import { availableParallelism } from 'node:os'
import { join } from 'node:path'
import {
  type AnyEvent,
  type EvidenceWarning,
  eventNames,
  type GuestDisk,
  type ImageLayer,
  SeeError,
  z,
} from '@see/core'
import { compareDisks } from './compare-disks.ts'
import { compareHives } from './compare-hives.ts'
import { describeChanges } from './describe-changes.ts'
import { gapEntries, partitionEntry } from './disk-entries.ts'
import { DiskTools } from './disk-tools.ts'
import { requireDiskTools } from './disk-tools-required.ts'
import { failuresOf, someOf, warningsOfDisks, warningsOfFiles } from './disk-warnings.ts'
import { writeEvidence } from './evidence-file.ts'
import { ExtractedFiles } from './extracted-files.ts'
import type { FilesystemReport } from './filesystem-report.ts'
import { isFolder } from './is-folder.ts'
import { jsonParts } from './json-parts.ts'
import { type Evidence, ProcessingHook, processingKeys } from './processing.ts'
import { RawDisks } from './raw-disks.ts'
import { readByKernel } from './kernel-reading.ts'
import { requireReader } from './reader-kit.ts'
import { prepareResultsFolder } from './results-folder.ts'
import { requireGuestDisk, savedDisk, saveDisk } from './save-disk.ts'

const MIB = 1024 * 1024

const bytes = z
  .int()
  .positive()
  .max(1024 * MIB)

const schema = z
  .object({
    results_folder: z.string().min(1).describe('The folder for the results; made when missing.'),
    identify_files: z.boolean().default(false).describe('Tell what the content of each file is, by `file`.'),
    get_file_size: z.boolean().default(true).describe('Tell the sizes of files.'),
    extract_files: z.boolean().default(false).describe('Keep the content of created and modified files.'),
    use_concurrency: z.boolean().default(true).describe('Read both disks, and several files, at one time.'),
    compare_registries: z.boolean().default(false).describe('Compare the registry of Windows as well.'),
    strict: z
      .boolean()
      .default(false)
      .describe('Compare the content of every file, whatever its size and times say.'),
    reader: z
      .union([z.string().min(1), z.null()])
      .default('auto')
      .describe(
        'The folder with `reader.vmlinuz` and `reader.initrd`, as `guest/build.sh` prints it, by which XFS, btrfs, LVM and md are read; `auto` for where that puts it, null for none.',
      ),
    size_limit: bytes
      .default(64 * MIB)
      .describe('Bytes of a file beyond which its content is neither hashed nor extracted.'),
    changes_limit: z
      .int()
      .positive()
      .max(1_000_000)
      .default(25_000)
      .describe('Created, modified and deleted files that a report has at most.'),
    extract_limit: z
      .int()
      .positive()
      .default(1024 * MIB)
      .describe('Bytes that are extracted altogether.'),
    evidence_on_event: eventNames
      .prefault('disk_checkpoint_taken')
      .describe('The event or events whose `path`, a checkpoint, is kept until processing starts.'),
    start_processing_on_event: processingKeys.start_processing_on_event,
    wait_processing_on_event: eventNames
      .prefault('wait_analysis')
      .describe('The event or events that wait until it has ended.'),
    timeout: z.number().positive().max(2_147_483).default(600).describe('Seconds that an analysis may take.'),
    memory_limit: z
      .int()
      .positive()
      .max(1_048_576)
      .default(2048)
      .describe('MiB of memory that each tool may use.'),
    output_limit: bytes
      .default(256 * MIB)
      .describe('Bytes that each tool may write, of the listing of a disk above all.'),
  })
  .refine(({ size_limit, output_limit }) => size_limit * 2 <= output_limit, {
    path: ['size_limit'],
    message: 'expected at most half of output_limit',
  })

interface Subject {
  readonly before: ImageLayer
  readonly after: ImageLayer
  /** Null for the disk as it is now. */
  readonly checkpoint: string | null
  /** The disk before is that of a guest which went on. */
  readonly wasRunning: boolean
}

/** Tells what a guest changed on its disk; writes `<identifier>_filesystem.json`. */
export class DiskStateAnalyser extends ProcessingHook<typeof schema> {
  static override readonly schema = schema
  #folder = ''
  readonly #extracted: string[] = []
  #count = 0

  async setup(): Promise<void> {
    await requireGuestDisk(this.context, 'DiskStateAnalyser')
    await requireDiskTools(this.configuration, this.context.signal)
    await requireReader(this.configuration.reader)
    this.#folder = await prepareResultsFolder(this.configuration.results_folder)
    this.listen(this.configuration)
  }

  protected override async processed(): Promise<void> {
    for (const path of this.#extracted.splice(0)) await this.context.trigger('files_extracted', { path })
  }

  protected async process(evidence: readonly Evidence[], event: AnyEvent): Promise<void> {
    const disk = await requireGuestDisk(this.context, 'DiskStateAnalyser')
    const work = await mkdtemp(join(this.#folder, '.see-disk-'))
    try {
      await this.#analyse(await this.#subject(disk, evidence, event, work), work)
    } finally {
      await rm(work, { recursive: true, force: true })
    }
  }

  /** One checkpoint is compared with the guest's image, the last of several with the first of them. */
  async #subject(
    disk: GuestDisk,
    evidence: readonly Evidence[],
    event: AnyEvent,
    work: string,
  ): Promise<Subject> {
    const [first, last] = [evidence[0], evidence.at(-1)]
    if (first === undefined || last === undefined) {
      const path = join(work, 'disk.qcow2')
      await saveDisk(this.context, disk, path, { why: `at ${event.name}`, signal: this.context.signal })
      const after = await savedDisk(path, disk)
      return { before: disk.image, after, checkpoint: null, wasRunning: false }
    }
    const after = await savedDisk(last.path, disk)
    const checkpoint = last.path
    if (first === last) return { before: disk.image, after, checkpoint, wasRunning: false }
    return { before: await savedDisk(first.path, disk), after, checkpoint, wasRunning: true }
  }

  async #analyse({ before, after, checkpoint, wasRunning }: Subject, work: string): Promise<void> {
    const { configuration } = this
    const signal = this.context.signal
    const deadlineMs = performance.now() + configuration.timeout * 1000
    await using raw = await RawDisks.open([before, after], signal)
    const [former = '', now = ''] = raw.paths
    const disks = [former, now] as const
    const { strict, use_concurrency: concurrent, size_limit: sizeLimit } = configuration
    const tools = new DiskTools({
      deadlineMs,
      memoryLimitMiB: configuration.memory_limit,
      outputBytes: configuration.output_limit,
      mountsOf: raw.pid,
      concurrent,
      signal,
    })
    const changesLimit = configuration.changes_limit
    const images = [before, after] as const
    const compared = await compareDisks(tools, {
      disks,
      images,
      strict,
      concurrent,
      wasRunning,
      changesLimit,
      work,
    })
    const { reader } = configuration
    await using reading = await readByKernel(tools, compared, {
      disks,
      reader,
      strict,
      concurrent,
      wasRunning,
      changesLimit,
    })
    const { comparison, disks: kernels } = reading
    const failures = failuresOf(comparison.regions)
    const number = ++this.#count
    const suffix = number === 1 ? '' : `_${number}`
    const extractTo = join(this.#folder, `${this.identifier}_extracted_files${suffix}`)
    const {
      errors,
      hives: found,
      left,
      ...files
    } = await describeChanges(tools, comparison, {
      disks,
      kernels,
      work,
      identify: configuration.identify_files,
      withSize: configuration.get_file_size,
      extracted: configuration.extract_files
        ? new ExtractedFiles(extractTo, configuration.extract_limit)
        : undefined,
      sizeLimit,
      workers: concurrent ? availableParallelism() : 1,
    })
    const hives = configuration.compare_registries
      ? await compareHives(tools, comparison, { disks, kernels, work, sizeLimit, hives: found, signal })
      : { registry: null, warnings: [], errors: [] }
    if (await isFolder(extractTo)) this.#extracted.push(extractTo)
    const report: FilesystemReport = {
      before: before.path,
      after: checkpoint,
      partitions: comparison.regions.map((region) => partitionEntry(region, strict)),
      changed_gaps: gapEntries(comparison),
      ...files,
      registry: hives.registry,
      warnings: [
        ...this.#allocationWarnings(),
        ...warningsOfDisks(comparison, before.isAtRest === true),
        ...warningsOfFiles(left, comparison.unverified),
        ...hives.warnings,
      ],
      errors: [...failures, ...unverifiedIn(comparison.unverified), ...errors, ...hives.errors],
    }
    this.warnOf(report.warnings)
    await this.#write(report, join(this.#folder, `${this.identifier}_filesystem${suffix}.json`))
  }

  /** What was known before of disks that are not this one. */
  #allocationWarnings(): EvidenceWarning[] {
    return this.context.warnings.filter(({ code }) => code === 'DISK_NOT_COMPARED')
  }

  async #write(report: FilesystemReport, path: string): Promise<void> {
    await writeEvidence(path, jsonParts(report))
    const { created_files, modified_files, deleted_files, errors } = report
    this.logger.info(
      { path, created: created_files.length, modified: modified_files.length, deleted: deleted_files.length },
      'disk analysed',
    )
    const [first] = errors
    if (first === undefined) return
    const more = errors.length === 1 ? '' : `, and ${errors.length - 1} more, which ${path} tells of`
    throw new SeeError('TOOL_FAILED', `not all of the disk could be compared: ${first}${more}`)
  }
}

function unverifiedIn(paths: readonly string[]): string[] {
  return paths.length === 0
    ? []
    : [`the content of ${paths.length} files could not be compared: ${someOf(paths)}`]
}
