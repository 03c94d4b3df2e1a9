import { readFile } from 'node:fs/promises'
import { SeeError } from '@see/core'
import { attributeTexts } from './files/attributes.ts'
import { beyondCapacity } from './layout/beyond-capacity.ts'
import { differencesOf, type FileChange } from './files/compare-listings.ts'
import type { DiskComparison } from './sleuth-kit/compare-disks.ts'
import { hashKey } from './sleuth-kit/content-hashes.ts'
import { type Content, type ContentSource, DiskContents, type ReadOptions } from './disk-content.ts'
import type { BothDisks } from './kernel/kernel-reading.ts'
import type { DiskTools } from './tools/disk-tools.ts'
import type { ExtractedFiles } from './extracted-files.ts'
import type { CreatedFile, DeletedFile, ModifiedFile } from './filesystem-report.ts'
import { type ListedFile, textOf } from './files/listed-file.ts'
import { renamesIn } from './files/renames.ts'

const MAX_BATCH = 500
/** Of a symbolic link, in bytes: symlink(7). */
const MAX_TARGET = 4096
const NONE: ReadonlyMap<string, string> = new Map()
const EMPTY_SHA1 = 'da39a3ee5e6b4b0d3255bfef95601890afd80709'

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

/** Paths of changed files of which something is left out. */
export interface LeftOut {
  readonly tooLarge: readonly string[]
  /** When they were to be read, the time was used up. */
  readonly tooLate: readonly string[]
  /** They are said to hold more than the disk has room for. */
  readonly tooMuch: readonly string[]
  readonly notExtracted: readonly string[]
  readonly unreadable: readonly string[]
  /** Names in which The Sleuth Kit has put `^` for something, or that have one. */
  readonly unclear: readonly string[]
}

type Side = 'before' | 'after'

/** What is known of a file on one of the disks. */
interface Known {
  readonly content?: Content | undefined
  readonly sha1?: string | undefined
  /** Of a link that is listed without one. */
  readonly target?: string
  readonly skipped?: string
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

/** Neither many files nor many bytes at one time. */
function* inBatches(changes: readonly FileChange[], sizeLimit: number): Generator<FileChange[]> {
  let batch: FileChange[] = []
  let bytes = 0
  for (const change of changes) {
    const size = Math.max(...[change.before, change.after].map((file) => bytesToRead(file, sizeLimit)))
    if (batch.length >= MAX_BATCH || (batch.length > 0 && bytes + size > sizeLimit)) {
      yield batch
      batch = []
      bytes = 0
    }
    batch.push(change)
    bytes += size
  }
  if (batch.length > 0) yield batch
}

function bytesToRead(file: ListedFile | undefined, sizeLimit: number): number {
  if (file === undefined || !(file.kind === 'file' || hasUnlistedTarget(file))) return 0
  return file.size <= (file.kind === 'file' ? sizeLimit : MAX_TARGET) ? file.size : 0
}

/** The Sleuth Kit does not list the target of a link of ext4 that is too long for its inode: it is read as a content. */
function hasUnlistedTarget({ kind, target, size }: ListedFile): boolean {
  return kind === 'symbolic link' && target === undefined && size > 0
}

class Describer {
  readonly #tools: DiskTools
  readonly #comparison: DiskComparison
  readonly #options: DescribeOptions
  readonly #prefixes: ReadonlyMap<number, string>
  readonly #renames: ReadonlyMap<ListedFile, ListedFile>
  /** What is not read, since it is more than the disk can hold. */
  readonly #beyond: ReadonlySet<FileChange>

  constructor(tools: DiskTools, comparison: DiskComparison, options: DescribeOptions) {
    this.#tools = tools
    this.#comparison = comparison
    this.#options = options
    this.#prefixes = new Map(comparison.regions.map(({ start, prefix }) => [start, prefix]))
    this.#renames = renamesIn(comparison.changes)
    const { sizeLimit } = options
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
    const extract = async (file: ListedFile, known: Known, change: FileChange) => {
      const result = await this.#extract(file, known)
      if (result.skipped !== undefined) notExtracted.push(this.#path(change))
      return result
    }
    await using before = await this.#contents(changes, 'before')
    await using after = await this.#contents(changes, 'after')
    // What was read on one side only is not known to differ.
    const isLate = [before, after].includes(NOTHING_READ)
    const read = (change: FileChange, side: Side, contents: ReadContents): Known =>
      this.#known(change, side, isLate ? NOTHING_READ : contents)
    for (const change of changes) {
      const [was, is] = [read(change, 'before', before), read(change, 'after', after)]
      for (const { skipped, sha1 } of [was, is]) {
        if (skipped === TOO_LARGE && (sha1 === undefined || this.#options.extracted !== undefined))
          tooLarge.add(this.#path(change))
        if (skipped === TOO_LATE) tooLate.add(this.#path(change))
        if (skipped !== UNREADABLE) continue
        unreadable.push(this.#path(change))
        errors.push(`the content of ${this.#path(change)} cannot be read`)
      }
      if (was.content?.isHive === true || is.content?.isHive === true) hives.add(change)
      if (change.after === undefined) {
        if (change.before !== undefined) deleted_files.push(this.#deleted(change, change.before, was))
      } else if (change.before === undefined)
        created_files.push({
          ...this.#created(change, change.after, is),
          ...(await extract(change.after, is, change)),
        })
      else {
        const { before: former, after: now } = change
        const [old, later] = [targetOf(former, was), targetOf(now, is)]
        const sha1 = { before: was.sha1, after: is.sha1 }
        const differences = differencesOf({ ...former, ...old }, { ...now, ...later }, sha1)
        if (differences.length === 0) continue
        modified_files.push({
          ...this.#entry(change, now, is),
          changes: differences,
          original_type: this.#type(former, was),
          ...(this.#hasSize(former) ? { original_size: former.size } : {}),
          ...(was.sha1 === undefined ? {} : { original_sha1: was.sha1 }),
          original_permissions: former.permissions,
          original_mtime: timeOf(former),
          ...(old.target === undefined ? {} : { original_target: textOf(old.target) }),
          ...(differences.includes('device') ? { original_device: former.device ?? null } : {}),
          ...(differences.includes('attributes')
            ? { original_attributes: attributeTexts(former.attributes ?? NONE) }
            : {}),
          ...(differences.includes('flags') ? { original_flags: former.flags ?? '' } : {}),
          ...(differences.includes('content') ? await extract(now, is, change) : {}),
        })
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

  /** Of all that may have changed: two names that are listed alike may be one that was renamed. */
  unclear(): string[] {
    const { kernels } = this.#options
    return this.#comparison.changes
      .filter(({ start }) => kernels?.some((kernel) => kernel.reads(start)) !== true)
      .filter(({ before, after }) =>
        [before, after].some((file) => file !== undefined && UNCLEAR.test(file.path)),
      )
      .map((change) => this.#path(change))
  }

  tooMuch(): string[] {
    return [...this.#beyond].map((change) => this.#path(change))
  }

  /** By the files of one side. */
  async #contents(changes: readonly FileChange[], side: Side): Promise<ReadContents> {
    const { disks, kernels, work, identify, sizeLimit } = this.#options
    const wanted = changes.filter(
      (change) => !this.#beyond.has(change) && bytesToRead(change[side], sizeLimit) > 0,
    )
    const sources = wanted.flatMap((change) => {
      const file = change[side]
      return file === undefined
        ? []
        : [{ start: change.start, inode: file.inode, path: file.path, size: file.size }]
    })
    const index = side === 'before' ? 0 : 1
    const options = { parent: work, identify, kernel: kernels?.[index] }
    const contents = await this.#read(disks[index], sources, options)
    if (contents === undefined) return NOTHING_READ
    const byFile = new Map(wanted.map((change, number) => [change[side], contents.contents[number]]))
    const targets = new Map<ListedFile | undefined, string>()
    for (const [file, content] of byFile) {
      if (file?.kind === 'symbolic link' && content !== undefined)
        targets.set(file, await readFile(content.path, 'latin1'))
    }
    return {
      byFile,
      targets,
      unread: UNREADABLE,
      [Symbol.asyncDispose]: () => contents[Symbol.asyncDispose](),
    }
  }

  /** Undefined where the time is used up: a guest can make as many files of holes as it likes. */
  async #read(
    disk: string,
    sources: readonly ContentSource[],
    options: ReadOptions,
  ): Promise<DiskContents | undefined> {
    if (this.#tools.isLate) return undefined
    try {
      return await DiskContents.read(this.#tools, disk, sources, options)
    } catch (error) {
      this.#tools.signal.throwIfAborted()
      if (!(error instanceof SeeError && this.#tools.isLate)) throw error
      return undefined
    }
  }

  #known(change: FileChange, side: Side, { byFile, targets, unread }: ReadContents): Known {
    const file = change[side]
    if (this.#beyond.has(change)) return { skipped: TOO_MUCH }
    if (file !== undefined && hasUnlistedTarget(file)) {
      const target = targets.get(file)
      return target === undefined ? { skipped: unread } : { target }
    }
    if (file?.kind !== 'file') return {}
    if (file.size === 0) return { sha1: EMPTY_SHA1 }
    if (file.size > this.#options.sizeLimit) {
      const sha1 = this.#comparison.hashes[side].get(hashKey(change.start, file.inode))
      return { sha1, skipped: TOO_LARGE }
    }
    const content = byFile.get(file)
    return content === undefined ? { skipped: unread } : { content, sha1: content.sha1 }
  }

  #created(change: FileChange, file: ListedFile, known: Known): CreatedFile {
    const former = this.#renames.get(file)
    return {
      ...this.#entry(change, file, known),
      ...(former === undefined ? {} : { renamed_from: this.#pathOf(change.start, former) }),
    }
  }

  #deleted(change: FileChange, file: ListedFile, known: Known): DeletedFile {
    const later = this.#renames.get(file)
    return {
      path: this.#path(change),
      type: this.#type(file, known),
      ...(this.#hasSize(file) ? { size: file.size } : {}),
      ...(known.sha1 === undefined ? {} : { original_sha1: known.sha1 }),
      ...(later === undefined ? {} : { renamed_to: this.#pathOf(change.start, later) }),
      ...(known.skipped === undefined ? {} : { skipped: known.skipped }),
    }
  }

  #entry(change: FileChange, file: ListedFile, known: Known) {
    const { target } = targetOf(file, known)
    return {
      path: this.#path(change),
      type: this.#type(file, known),
      ...(this.#hasSize(file) ? { size: file.size } : {}),
      ...(known.sha1 === undefined ? {} : { sha1: known.sha1 }),
      permissions: file.permissions,
      uid: file.uid,
      gid: file.gid,
      mtime: timeOf(file),
      ...(target === undefined ? {} : { target: textOf(target) }),
      ...(file.device === undefined ? {} : { device: file.device }),
      ...(file.attributes === undefined || file.attributes.size === 0
        ? {}
        : { attributes: attributeTexts(file.attributes) }),
      ...(file.flags === undefined || file.flags === '' ? {} : { flags: file.flags }),
      ...(known.skipped === undefined ? {} : { skipped: known.skipped }),
    }
  }

  #type({ kind, size }: ListedFile, { content }: Known): string {
    // As `file` says.
    if (kind === 'file' && size === 0 && this.#options.identify) return 'empty'
    return content?.type ?? kind
  }

  #hasSize({ kind }: ListedFile): boolean {
    return this.#options.withSize && kind === 'file'
  }

  async #extract(
    { path }: ListedFile,
    { content }: Known,
  ): Promise<{ extracted?: string; skipped?: string }> {
    const { extracted } = this.#options
    if (extracted === undefined || content === undefined) return {}
    const name = await extracted.keep(content.path, path)
    return name === undefined ? { skipped: 'not extracted: extract_limit is reached' } : { extracted: name }
  }

  #path({ start, before, after }: FileChange): string {
    const file = after ?? before
    return file === undefined ? '' : this.#pathOf(start, file)
  }

  #pathOf(start: number, { path }: ListedFile): string {
    return `${this.#prefixes.get(start) ?? ''}${textOf(path)}`
  }
}

const UNREADABLE = 'cannot be read'
const TOO_LARGE = 'larger than size_limit'
const TOO_MUCH = 'the changed files are said to hold more than the disk has room for'
const TOO_LATE = 'the time of the analysis was used up'
const UNCLEAR = /\^/

interface ReadContents extends AsyncDisposable {
  readonly byFile: ReadonlyMap<ListedFile | undefined, Content | undefined>
  /** Of links that are listed without one. */
  readonly targets: ReadonlyMap<ListedFile | undefined, string>
  /** Why the others were not read. */
  readonly unread: string
}

const NOTHING_READ: ReadContents = {
  byFile: new Map(),
  targets: new Map(),
  unread: TOO_LATE,
  [Symbol.asyncDispose]: async () => undefined,
}

function targetOf({ target }: ListedFile, known: Known): { target?: string } {
  const found = target ?? known.target
  return found === undefined ? {} : { target: found }
}

/** By the guest's clock, which may be set to anything. */
function timeOf({ mtime: seconds, mtimeNs }: ListedFile): string | null {
  // What The Sleuth Kit makes of a time that it cannot tell, of other file systems than ext: one before 1970, for example.
  if (seconds === 0 && mtimeNs === undefined) return null
  const date = new Date(seconds * 1000)
  const fraction = mtimeNs === undefined || mtimeNs === 0 ? '' : `.${String(mtimeNs).padStart(9, '0')}`
  return Number.isNaN(date.getTime())
    ? `${seconds}${fraction}`
    : date.toISOString().replace('.000Z', `${fraction}Z`)
}
