import { statSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { type Hook, SeeEvent } from '@see/core'
import { type EvidenceKind, isStockKind, kindFacts, type ManifestFile } from '@see/evidence'
import { writeEvidence } from './evidence-file.ts'
import type { FolderRecord } from './folder-record.ts'
import { type Digest, PassingHash } from './passing-hash.ts'
import { type EvidenceData, slicesOf } from './slices.ts'

/** What is known of a file before it is written. */
export interface EvidenceFacts {
  /** One of the kinds of `@see/evidence`, or `x-…`. */
  readonly kind: EvidenceKind
  /** The event at which it is taken. */
  readonly event?: SeeEvent | undefined
  /** The path of the file that it belongs to. */
  readonly of?: string | undefined
  /** As its kind has it when not given; `application/octet-stream` where that has none. */
  readonly mediaType?: string | undefined
  /** Whether no `evidence_written` is fired: for files of which a guest decides how many there are. */
  readonly isSilent?: boolean | undefined
  /** The beginning of the time it covers, in milliseconds since the epoch; now when not given. */
  readonly from?: number | undefined
}

type End = 'complete' | 'incomplete'

/**
 * A file of evidence and what the manifest says of it. It is either written as a whole, by `write`, or begun, appended to by
 * its owner, who passes the bytes on, and ended. An end fires `evidence_written`.
 */
export class EvidenceEntry {
  readonly path: string
  readonly #facts: EvidenceFacts
  readonly #hook: Pick<Hook, 'context' | 'logger'>
  readonly #record: FolderRecord
  readonly #from: number
  #hash = new PassingHash()
  #isRemoved = false
  #isCounted = false
  /** What the budget has counted of it. */
  #counted = 0

  constructor(
    path: string,
    facts: EvidenceFacts,
    { hook, record }: { readonly hook: Pick<Hook, 'context' | 'logger'>; readonly record: FolderRecord },
  ) {
    this.path = path
    this.#facts = facts
    this.#hook = hook
    this.#record = record
    this.#from = facts.from ?? Date.now()
  }

  /**
   * Writes it as a whole; a file that was there before is replaced.
   * @throws SeeError `RESULTS_LOST`
   */
  async write(data: EvidenceData, state: End = 'complete'): Promise<void> {
    await this.#replace(data)
    this.#end(this.#hash.digest(), state)
  }

  /**
   * Writes it as a whole as it is by now; it will be written again.
   * @throws SeeError `RESULTS_LOST`
   */
  async draft(data: EvidenceData): Promise<void> {
    this.begin()
    await this.#replace(data)
  }

  /** It grows from now on. */
  begin(): void {
    this.#put({ bytes: null, sha256: null, to: null, state: 'growing' })
  }

  /** What was appended to it. */
  pass(bytes: Uint8Array): void {
    this.#hash.pass(bytes)
    this.#count(bytes.length)
  }

  /** Nothing more is appended. */
  end(state: End = 'complete'): void {
    const digest = this.#hash.digest()
    const bytes = sizeOf(this.path)
    // An append that failed midway, or a file that was there before, is not what has passed.
    if (bytes === digest.bytes) this.#end(digest, state)
    else this.endUnread(state)
  }

  /** Another wrote it, or what has passed is not all of it: it is read and hashed, which nothing waits for. */
  endUnread(state: End = 'complete'): void {
    const bytes = sizeOf(this.path) ?? null
    const to = Date.now()
    this.#put({ bytes, sha256: null, to, state: bytes === null ? 'incomplete' : state })
    if (bytes === null) return
    this.#count(bytes - this.#counted)
    this.#record.hashes.add(this.path, (digest) => {
      this.#end(digest ?? { bytes, sha256: null }, state, to)
    })
  }

  /** Deletes it; the manifest does not name it any more. */
  async remove(): Promise<void> {
    this.#isRemoved = true
    await rm(this.path, { force: true })
    this.#record.manifest.remove(this.path)
    if (this.#isCounted) this.#record.budget.removeFile(this.#counted)
    this.#isCounted = false
    this.#counted = 0
  }

  async #replace(data: EvidenceData): Promise<void> {
    const hash = new PassingHash()
    const { budget } = this.#record
    const passed = (bytes: Uint8Array): void => {
      hash.pass(bytes)
      budget.spend(bytes.length, this.path)
    }
    try {
      await writeEvidence(this.path, slicesOf(data, passed))
    } catch (error) {
      budget.add(-hash.bytes)
      throw error
    }
    // The one before is gone.
    budget.add(-this.#counted)
    this.#counted = hash.bytes
    this.#hash = hash
  }

  #end({ bytes, sha256 }: Digest | { bytes: number; sha256: null }, state: End, to = Date.now()): void {
    if (this.#isRemoved) return
    const { kind, media_type, writer } = this.#put({ bytes, sha256, to, state })
    // What is written at this event would fire it without end.
    if (this.#facts.isSilent === true || this.#facts.event?.name === 'evidence_written') return
    this.#record.announcer.announce({ kind, path: this.path, bytes, sha256, media_type, writer, state })
  }

  #count(bytes: number): void {
    this.#counted += bytes
    this.#record.budget.add(bytes)
  }

  #put(state: Pick<ManifestFile, 'bytes' | 'sha256' | 'to' | 'state'>): ManifestFile {
    const { kind, event, of, mediaType } = this.#facts
    const sequence = event === undefined ? undefined : SeeEvent.sequenceOf(event)
    const file: ManifestFile = {
      kind,
      path: this.path,
      media_type: mediaType ?? (isStockKind(kind) ? kindFacts[kind].mediaType : 'application/octet-stream'),
      event: event === undefined || sequence === undefined ? null : { name: event.name, sequence },
      from: this.#from,
      writer: this.#hook.constructor.name,
      ...state,
      ...(of === undefined ? {} : { of }),
    }
    if (this.#isRemoved) return file
    if (!this.#isCounted) this.#record.budget.addFile()
    this.#isCounted = true
    this.#record.manifest.put(file)
    return file
  }
}

/** In bytes; undefined where there is no file. */
function sizeOf(path: string): number | undefined {
  try {
    return statSync(path).size
  } catch {
    return undefined
  }
}
