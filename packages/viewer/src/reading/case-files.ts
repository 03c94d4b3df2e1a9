import type { EvidenceModel, EvidenceSource, ManifestFile, ParsedEvidence, ReadableKind } from '@see/evidence'
import { isReadableKind, readFile } from '@see/evidence'
import type { Bounds } from './bounds.ts'
import type { Clock } from './clock.ts'

/** A file that was read: what it holds, and its place among the files of the report. */
export type ReadRecord<Kind extends ReadableKind> = Extract<ParsedEvidence, { kind: Kind }> & ListedEntry

/** A file that is not read by its kind. */
export interface ListedEntry {
  readonly file: number
  readonly entry: ManifestFile
}

/** The files of a case: read once, found by kind, and with the means to fit them into a report. */
export class CaseFiles {
  readonly clock: Clock
  readonly bounds: Bounds
  readonly source: EvidenceSource
  /** What could not be read, in words. */
  readonly unreadable: string[] = []
  readonly #entries: readonly ListedEntry[]
  readonly #byPath = new Map<string, ListedEntry>()
  readonly #longestPath: number
  readonly #records: (ListedEntry & { readonly parsed: ParsedEvidence })[] = []

  private constructor(source: EvidenceSource, model: EvidenceModel, clock: Clock, bounds: Bounds) {
    this.source = source
    this.clock = clock
    this.bounds = bounds
    this.#entries = model.manifest.files.map((entry, file) => ({ entry, file }))
    let longest = 0
    for (const listed of this.#entries) {
      const { path } = listed.entry
      if (!this.#byPath.has(path)) this.#byPath.set(path, listed)
      longest = Math.max(longest, path.length)
    }
    this.#longestPath = longest
  }

  static async read(
    source: EvidenceSource,
    model: EvidenceModel,
    { clock, bounds }: { readonly clock: Clock; readonly bounds: Bounds },
  ): Promise<CaseFiles> {
    const files = new CaseFiles(source, model, clock, bounds)
    for (const { entry, file } of files.#entries) {
      // The timeline has been read.
      if (entry.kind === 'timeline' || !isReadableKind(entry.kind)) continue
      try {
        const read = await readFile(source, entry)
        if (read === undefined) continue
        files.#records.push({ parsed: read, file, entry })
        if (read.kind === 'sinkhole_requests') files.unreadable.push(...read.value.missing)
      } catch (error) {
        files.unreadable.push(error instanceof Error ? error.message : `${entry.path}, which cannot be read`)
      }
    }
    return files
  }

  /** What files of a kind hold, in their order. */
  of<Kind extends ReadableKind>(kind: Kind): ReadRecord<Kind>[] {
    return this.#records.flatMap(({ parsed, file, entry }) =>
      isOfKind(parsed, kind) ? [{ ...parsed, file, entry }] : [],
    )
  }

  /** Files of a kind, in their order. */
  entriesOf(kind: ManifestFile['kind']): ListedEntry[] {
    return this.#entries.filter(({ entry }) => entry.kind === kind)
  }

  /** The files that belong to one, such as the output of a command. */
  belongingTo(path: string): ListedEntry[] {
    return this.#entries.filter(({ entry }) => entry.of === path)
  }

  /** A file by its path on the host that wrote it, or relative to the folder. */
  find(path: string): ListedEntry | undefined {
    const whole = this.#byPath.get(path)
    if (whole !== undefined) return whole
    let slash = path.indexOf('/', Math.max(0, path.length - this.#longestPath - 1))
    for (; slash !== -1; slash = path.indexOf('/', slash + 1)) {
      const found = this.#byPath.get(path.slice(slash + 1))
      if (found !== undefined) return found
    }
    return undefined
  }
}

function isOfKind<Kind extends ReadableKind>(
  parsed: ParsedEvidence,
  kind: Kind,
): parsed is Extract<ParsedEvidence, { kind: Kind }> {
  return parsed.kind === kind
}
