import type { Hook } from '@see/core'
import type { ClaimedName, ClaimOptions } from './claimed-names.ts'
import { EvidenceEntry, type EvidenceFacts } from './evidence-entry.ts'
import { type FolderRecord, folderRecord } from './folder-record.ts'
import { prepareResultsFolder } from './results-folder.ts'
import type { EvidenceData } from './slices.ts'

/** A hook that writes evidence. */
type WritingHook = Pick<Hook, 'context' | 'logger'> & {
  readonly configuration: { readonly results_folder: string }
}

/** How a file is named. */
export interface EvidenceName {
  /** What follows the environment's identifier in the file's name. */
  readonly name: string
  /** Without a dot. */
  readonly extension: string
}

/**
 * Through this a hook writes its evidence into its `results_folder`: no two files of an environment get one name, each is in
 * the manifest with its SHA-256, and fires `evidence_written`.
 */
export class EvidenceWriter {
  readonly #hook: WritingHook
  #folder = ''
  #record: FolderRecord | undefined

  constructor(hook: WritingHook) {
    this.#hook = hook
  }

  /**
   * Makes the results folder if it is missing, and sees that it can be written. Called at set-up.
   * @returns its absolute path
   * @throws SeeError `RESULTS_UNWRITABLE`
   */
  async open(): Promise<string> {
    this.#folder = await prepareResultsFolder(this.#hook.configuration.results_folder)
    this.#record = folderRecord(this.#hook.context, this.#folder)
    return this.#folder
  }

  /**
   * Claims the name `<identifier>_<name>` in the results folder, with `_2` and so on behind it where it is taken.
   * @param name what follows the identifier; nothing when it is empty
   */
  claim(name: string, options: ClaimOptions): ClaimedName {
    return this.#opened().names.claim(name, options)
  }

  /**
   * A file at a path that was claimed, or below one.
   * @throws SeeError `EVIDENCE_LIMIT`
   */
  entry(path: string, facts: EvidenceFacts): EvidenceEntry {
    this.#opened().budget.admit(path)
    return new EvidenceEntry(path, facts, { hook: this.#hook, record: this.#opened() })
  }

  /**
   * Writes a whole file, by a name of its own.
   * @returns its path
   * @throws SeeError `RESULTS_LOST` or `EVIDENCE_LIMIT`
   */
  async write(
    { name, extension, ...facts }: EvidenceName & EvidenceFacts,
    data: EvidenceData,
  ): Promise<string> {
    const path = this.claim(name, { extensions: [extension] }).path(extension)
    await this.entry(path, facts).write(data)
    return path
  }

  /**
   * Resolves when the files are hashed that others wrote. A hook that has such files waits for it in its clean-up, so that
   * they are on the timeline.
   */
  async settled(): Promise<void> {
    await this.#record?.hashes.end()
  }

  #opened(): FolderRecord {
    if (this.#record !== undefined) return this.#record
    throw new Error('an EvidenceWriter is opened at set-up, before anything is written')
  }
}
