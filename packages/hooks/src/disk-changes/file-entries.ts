import type { ChangedPaths } from './changed-paths.ts'
import { attributeTexts } from './files/attributes.ts'
import { differencesOf, type FileChange } from './files/compare-listings.ts'
import { type ListedFile, textOf } from './files/listed-file.ts'
import type { CreatedFile, DeletedFile, ModifiedFile } from './filesystem-report.ts'
import type { KnownContent } from './known-content.ts'

const NONE: ReadonlyMap<string, string> = new Map()

/** A file on one of the disks, as it is listed, and what is known of its content. */
interface SeenFile {
  readonly file: ListedFile
  readonly known: KnownContent
}

interface EntryOptions {
  readonly paths: ChangedPaths
  /** By both the former file and the later one, the other of them. */
  readonly renames: ReadonlyMap<ListedFile, ListedFile>
  /** Whether `file` says what contents are. */
  readonly identify: boolean
  readonly withSize: boolean
}

/** Makes the report's entries of changed files. */
export class FileEntries {
  readonly #options: EntryOptions

  constructor(options: EntryOptions) {
    this.#options = options
  }

  created(change: FileChange, { file, known }: SeenFile): CreatedFile {
    const { paths, renames } = this.#options
    const former = renames.get(file)
    return {
      ...this.#entry(change, file, known),
      ...(former === undefined ? {} : { renamed_from: paths.ofFile(change.start, former) }),
    }
  }

  deleted(change: FileChange, { file, known }: SeenFile): DeletedFile {
    const { paths, renames } = this.#options
    const later = renames.get(file)
    return {
      path: paths.of(change),
      type: this.#type(file, known),
      ...(this.#hasSize(file) ? { size: file.size } : {}),
      ...(known.sha1 === undefined ? {} : { original_sha1: known.sha1 }),
      ...(later === undefined ? {} : { renamed_to: paths.ofFile(change.start, later) }),
      ...(known.skipped === undefined ? {} : { skipped: known.skipped }),
    }
  }

  /** Undefined when nothing differs. */
  modified(
    change: FileChange,
    { file: former, known: was }: SeenFile,
    { file: now, known: is }: SeenFile,
  ): ModifiedFile | undefined {
    const [old, later] = [targetOf(former, was), targetOf(now, is)]
    const sha1 = { before: was.sha1, after: is.sha1 }
    const differences = differencesOf({ ...former, ...old }, { ...now, ...later }, sha1)
    if (differences.length === 0) return undefined
    return {
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
    }
  }

  #entry(change: FileChange, file: ListedFile, known: KnownContent) {
    const { target } = targetOf(file, known)
    return {
      path: this.#options.paths.of(change),
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

  #type({ kind, size }: ListedFile, { content }: KnownContent): string {
    // As `file` says.
    if (kind === 'file' && size === 0 && this.#options.identify) return 'empty'
    return content?.type ?? kind
  }

  #hasSize({ kind }: ListedFile): boolean {
    return this.#options.withSize && kind === 'file'
  }
}

function targetOf({ target }: ListedFile, known: KnownContent): { target?: string } {
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
