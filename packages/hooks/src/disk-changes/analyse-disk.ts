import { availableParallelism } from 'node:os'
import type { EvidenceWarning } from '@see/core'
import { compareDisks } from './sleuth-kit/compare-disks.ts'
import { compareHives } from './compare-hives.ts'
import { describeChanges } from './describe-changes.ts'
import { gapEntries, partitionEntry } from './disk-entries.ts'
import type { DiskStateSettings } from './disk-state-settings.ts'
import type { Subject } from './disk-subject.ts'
import { DiskTools } from './tools/disk-tools.ts'
import { assertAnyListed, failuresOf, someOf, warningsOfDisks, warningsOfFiles } from './disk-warnings.ts'
import { ExtractedFiles } from './extracted-files.ts'
import type { FilesystemReport } from './filesystem-report.ts'
import { readByKernel } from './kernel/kernel-reading.ts'
import { RawDisks } from '../disk/raw-disks.ts'

/** What the reports of all disks may still have. */
interface Left {
  changes: number
  extractBytes: number
}

interface AnalyseOptions {
  readonly configuration: DiskStateSettings
  /** `performance.now()` at which it must be over. */
  readonly deadlineMs: number
  readonly left: Left
  /** Names the folder of extracted files. */
  readonly extractTo: () => string
  /** Gets the path of each file that was extracted. */
  readonly extracted: (path: string) => void
  /** A folder to work in. */
  readonly work: string
  readonly signal: AbortSignal
  /** What is known to be missing before anything is read. */
  readonly known: readonly EvidenceWarning[]
}

interface Analysed {
  readonly report: FilesystemReport
  /** Folder of extracted files, if there are any. */
  readonly folder: string
}

/** Compares two states of a disk. */
export async function analyseDisk(
  { disk: { target }, before, after, checkpoint, wasRunning }: Subject,
  { configuration, deadlineMs, left, extractTo, extracted: kept, work, signal, known }: AnalyseOptions,
): Promise<Analysed> {
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
  const changesLimit = left.changes
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
  left.changes -= comparison.changes.length
  const failures = failuresOf(comparison.regions)
  // A further disk may be for swap, or empty until the guest uses it.
  if (target === undefined && failures.length === 0) assertAnyListed(comparison.regions)
  const folder = extractTo()
  const extracted = new ExtractedFiles(folder, left.extractBytes, kept)
  const described = await describeChanges(tools, comparison, {
    disks,
    kernels,
    work,
    identify: configuration.identify_files,
    withSize: configuration.get_file_size,
    extracted: configuration.extract_files ? extracted : undefined,
    sizeLimit,
    workers: concurrent ? availableParallelism() : 1,
  })
  left.extractBytes = extracted.bytesLeft
  const { errors, hives: found, left: leftOut, ...files } = described
  const hives = configuration.compare_registries
    ? await compareHives(tools, comparison, { disks, kernels, work, sizeLimit, hives: found, signal })
    : { registry: null, warnings: [], errors: [] }
  const report: FilesystemReport = {
    ...(target === undefined ? {} : { disk: target }),
    before: before.path,
    after: checkpoint,
    partitions: comparison.regions.map((region) => partitionEntry(region, strict)),
    changed_gaps: gapEntries(comparison),
    ...files,
    registry: hives.registry,
    warnings: [
      ...known,
      ...warningsOfDisks(comparison, before.isAtRest === true),
      ...warningsOfFiles(leftOut, comparison.unverified),
      ...hives.warnings,
    ],
    errors: [...failures, ...unverifiedIn(comparison.unverified), ...errors, ...hives.errors],
  }
  return { report, folder }
}

function unverifiedIn(paths: readonly string[]): string[] {
  return paths.length === 0
    ? []
    : [`the content of ${paths.length} files could not be compared: ${someOf(paths)}`]
}
