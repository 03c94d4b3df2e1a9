import { inBatches } from './change-batches.ts'
import { ChangedPaths } from './changed-paths.ts'
import { bytesToRead } from './content-to-read.ts'
import type { ExtractedFiles } from './extracted-files.ts'
import { FileEntries } from './file-entries.ts'
import type { FileChange, Side } from './files/compare-listings.ts'
import type { ListedFile } from './files/listed-file.ts'
import { renamesIn } from './files/renames.ts'
import type { CreatedFile, DeletedFile, ModifiedFile } from './filesystem-report.ts'
import type { BothDisks } from './kernel/kernel-reading.ts'
import { type KnownContent, knownContent } from './known-content.ts'
import { beyondCapacity } from './layout/beyond-capacity.ts'
import { type LeftOut, whySkipped } from './left-out.ts'
import { NOTHING_READ, readSide, type SideContents } from './side-contents.ts'
import type { DiskComparison } from './sleuth-kit/compare-disks.ts'
import { hashKey } from './sleuth-kit/content-hashes.ts'
import type { DiskTools } from './tools/disk-tools.ts'

const UNCLEAR = /\^/

export interface DescribeOptions {
  /** Before and after. */
  readonly disks: readonly [string, string]
  /** The kernels that read what The Sleuth Kit does not, before and after. */
  readonly kernels: BothDisks | undefined
  readonly work: string
  readonly identify: boolean
  readonly withSize: boolean
  /** Where contents are kept, if they are. */
  readonly extracted: ExtractedFiles | undefined
  /** Bytes of a file beyond which its content is not read. */
  readonly sizeLimit: number
  /** How many batches of files are read at one time. */
  readonly workers: number
}

interface Described {
  readonly created_files: readonly CreatedFile[]
  readonly modified_files: readonly ModifiedFile[]
  readonly deleted_files: readonly DeletedFile[]
  readonly errors: readonly string[]
  /** Those whose content is a hive of the registry of Windows. */
  readonly hives: ReadonlySet<FileChange>
  readonly left: LeftOut
}

/** Reads the contents of what may have changed, and says what has. */
export async function describeChanges(
  tools: DiskTools,
  comparison: DiskComparison,
  options: DescribeOptions,
): Promise<Described> {
  const describer = new Describer(tools, comparison, options)
  const remaining = [...inBatches(comparison.changes, options.sizeLimit)].entries()
  const described: Described[] = []
  const work = async (): Promise<void> => {
    // All take from one iterator.
    for (const [index, batch] of remaining) described[index] = await describer.describe(batch)
  }
  await allSettled(Array.from({ length: options.workers }, work))
  return {
    created_files: described.flatMap(({ created_files }) => created_files),
    modified_files: described.flatMap(({ modified_files }) => modified_files),
    deleted_files: described.flatMap(({ deleted_files }) => deleted_files),
    errors: described.flatMap(({ errors }) => errors),
    hives: new Set(described.flatMap(({ hives }) => [...hives])),
    left: {
      tooLarge: described.flatMap(({ left }) => left.tooLarge),
      tooLate: described.flatMap(({ left }) => left.tooLate),
      tooMuch: describer.tooMuch(),
      notExtracted: described.flatMap(({ left }) => left.notExtracted),
      unreadable: described.flatMap(({ left }) => left.unreadable),
      unclear: describer.unclear(),
    },
  }
}

/** When one fails, the others must still have ended. */
async function allSettled(works: readonly Promise<void>[]): Promise<void> {
  for (const result of await Promise.allSettled(works)) if (result.status === 'rejected') throw result.reason
}

class Describer {
  readonly #tools: DiskTools
  readonly #comparison: DiskComparison
  readonly #options: DescribeOptions
  readonly #paths: ChangedPaths
  readonly #entries: FileEntries
  /** What is not read, since it is more than the disk can hold. */
  readonly #beyond: ReadonlySet<FileChange>

  constructor(tools: DiskTools, comparison: DiskComparison, options: DescribeOptions) {
    this.#tools = tools
    this.#comparison = comparison
    this.#options = options
    this.#paths = new ChangedPaths(comparison.regions)
    const { identify, withSize, sizeLimit } = options
    const renames = renamesIn(comparison.changes)
    this.#entries = new FileEntries({ paths: this.#paths, renames, identify, withSize })
    const bytesOf = ({ before, after }: FileChange) =>
      bytesToRead(before, sizeLimit) + bytesToRead(after, sizeLimit)
    const sizes = comparison.layouts.map(({ sizeBytes }) => sizeBytes)
    this.#beyond = beyondCapacity(comparison.changes, bytesOf, Math.max(...sizes))
  }

  async describe(changes: readonly FileChange[]): Promise<Described> {
    const created_files: CreatedFile[] = []
    const modified_files: ModifiedFile[] = []
    const deleted_files: DeletedFile[] = []
    const errors: string[] = []
    const hives = new Set<FileChange>()
    const tooLarge = new Set<string>()
    const tooLate = new Set<string>()
    const notExtracted: string[] = []
    const unreadable: string[] = []
    const extract = async (file: ListedFile, known: KnownContent, path: string) => {
      const result = await this.#extract(file, known)
      if (result.skipped !== undefined) notExtracted.push(path)
      return result
    }
    await using before = await this.#contents(changes, 'before')
    await using after = await this.#contents(changes, 'after')
    // What was read on one side only is not known to differ.
    const isLate = [before, after].includes(NOTHING_READ)
    const read = (change: FileChange, side: Side, contents: SideContents): KnownContent =>
      this.#known(change, side, isLate ? NOTHING_READ : contents)
    for (const change of changes) {
      const path = this.#paths.of(change)
      const [was, is] = [read(change, 'before', before), read(change, 'after', after)]
      for (const { skipped, sha1 } of [was, is]) {
        if (skipped === whySkipped.tooLarge && (sha1 === undefined || this.#options.extracted !== undefined))
          tooLarge.add(path)
        if (skipped === whySkipped.tooLate) tooLate.add(path)
        if (skipped !== whySkipped.unreadable) continue
        unreadable.push(path)
        errors.push(`the content of ${path} cannot be read`)
      }
      if (was.content?.isHive === true || is.content?.isHive === true) hives.add(change)
      const { before: former, after: now } = change
      if (now === undefined) {
        if (former !== undefined)
          deleted_files.push(this.#entries.deleted(change, { file: former, known: was }))
      } else if (former === undefined) {
        const entry = this.#entries.created(change, { file: now, known: is })
        created_files.push({ ...entry, ...(await extract(now, is, path)) })
      } else {
        const seen = { file: former, known: was }
        const entry = this.#entries.modified(change, seen, { file: now, known: is })
        if (entry === undefined) continue
        const isOther = entry.changes.includes('content')
        modified_files.push({ ...entry, ...(isOther ? await extract(now, is, path) : {}) })
      }
    }
    return {
      created_files,
      modified_files,
      deleted_files,
      errors,
      hives,
      left: {
        tooLarge: [...tooLarge],
        tooLate: [...tooLate],
        tooMuch: [],
        notExtracted,
        unreadable,
        unclear: [],
      },
    }
  }

  /** Unclear paths of all that may have changed: two names that are listed alike may be one that was renamed. */
  unclear(): string[] {
    const { kernels } = this.#options
    return this.#comparison.changes
      .filter(({ start }) => kernels?.some((kernel) => kernel.reads(start)) !== true)
      .filter(({ before, after }) =>
        [before, after].some((file) => file !== undefined && UNCLEAR.test(file.path)),
      )
      .map((change) => this.#paths.of(change))
  }

  tooMuch(): string[] {
    return [...this.#beyond].map((change) => this.#paths.of(change))
  }

  async #contents(changes: readonly FileChange[], side: Side): Promise<SideContents> {
    const { disks, kernels, work, identify, sizeLimit } = this.#options
    const index = side === 'before' ? 0 : 1
    const wanted = changes.filter((change) => !this.#beyond.has(change))
    const [disk, kernel] = [disks[index], kernels?.[index]]
    return await readSide(this.#tools, wanted, { side, disk, kernel, parent: work, identify, sizeLimit })
  }

  #known(change: FileChange, side: Side, contents: SideContents): KnownContent {
    if (this.#beyond.has(change)) return { skipped: whySkipped.tooMuch }
    const hashOf = ({ inode }: ListedFile) => this.#comparison.hashes[side].get(hashKey(change.start, inode))
    return knownContent(change[side], contents, { sizeLimit: this.#options.sizeLimit, hashOf })
  }

  async #extract(
    { path }: ListedFile,
    { content }: KnownContent,
  ): Promise<{ extracted?: string; skipped?: string }> {
    const { extracted } = this.#options
    if (extracted === undefined || content === undefined) return {}
    const name = await extracted.keep(content.path, path)
    return name === undefined ? { skipped: 'not extracted: extract_limit is reached' } : { extracted: name }
  }
}
