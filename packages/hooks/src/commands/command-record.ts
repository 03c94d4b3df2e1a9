import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, type OutputStream, SeeError, type SeeEvent } from '@see/core'
import type { CommandRequest } from './command-request.ts'
import { evidenceModes } from '../results/evidence-file.ts'
import type { ClaimedName } from '../results/claimed-names.ts'
import type { EvidenceEntry } from '../results/evidence-entry.ts'
import type { EvidenceWriter } from '../results/evidence-writer.ts'

/**
 * What `<identifier>_command_<n>.json` holds. A record that says `running` of a guest that is gone belongs to a command
 * that did not end before it.
 */
export interface CommandRecord {
  event: string
  status: 'preparing' | 'running' | 'finished' | 'failed'
  /** As it was given to the guest; null when the sample is executed itself and not brought in yet. */
  command: string | null
  /** The sample's path on this host. */
  sample: string | null
  sha256: string | null
  /** The sample's path in the guest. */
  guest_path: string | null
  exit_code: number | null
  /** The number of the signal that ended it. */
  signal: number | null
  /** ISO 8601, when the guest was asked to run it. */
  started: string | null
  duration_ms: number | null
  /** Whether an output stream was longer than is kept, or than the guest had room for. */
  truncated: boolean
  /** Why output, or the exit code, was lost in the guest; null when nothing is known to be. */
  lost: string | null
  /** Whether programs that the command left running can, or could when their guest ended, print more than is here. */
  output_open: boolean
  /** How many bytes at the end of each output such programs printed, once the command was known to have ended. */
  late_bytes: Record<OutputStream, number>
  error: string | null
}

/** Whether nothing is known to be missing in what the command printed. */
export function isOutputWhole({ truncated, lost }: CommandRecord): boolean {
  return !truncated && lost === null
}

/** The record of a command that is being prepared. */
export function newRecord(event: SeeEvent, { command, sample }: CommandRequest): CommandRecord {
  return {
    event: event.name,
    status: 'preparing',
    command: command ?? null,
    sample: sample === undefined ? null : resolve(sample),
    sha256: null,
    guest_path: null,
    exit_code: null,
    signal: null,
    started: null,
    duration_ms: null,
    truncated: false,
    lost: null,
    output_open: false,
    late_bytes: { stdout: 0, stderr: 0 },
    error: null,
  }
}

interface OutputFile {
  readonly entry: EvidenceEntry
  readonly file: FileHandle
}

/** The files of one command: `<identifier>_command_<n>.json`, `.stdout` and `.stderr`. */
export class CommandFiles {
  readonly recordPath: string
  readonly #evidence: EvidenceWriter
  readonly #event: SeeEvent
  readonly #name: ClaimedName
  readonly #record: EvidenceEntry
  readonly #streams = new Map<OutputStream, OutputFile>()
  #isFinal = false
  #recorded: Promise<void> = Promise.resolve()
  /** What is being written, in the order in which it came. */
  #written: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(evidence: EvidenceWriter, event: SeeEvent) {
    this.#evidence = evidence
    this.#event = event
    this.#name = evidence.claim('command', {
      extensions: ['json', 'stdout', 'stderr'],
      alwaysNumbered: true,
    })
    this.recordPath = this.#name.path('json')
    this.#record = evidence.entry(this.recordPath, { kind: 'command_record', event })
  }

  /**
   * Writes the record as it is once those before are written.
   * @param isFinal whether it stays as it is
   */
  async writeRecord(record: CommandRecord, isFinal = false): Promise<void> {
    this.#isFinal ||= isFinal
    const write = async () => {
      const text = `${JSON.stringify(record, undefined, 2)}\n`
      await (this.#isFinal ? this.#record.write(text) : this.#record.draft(text))
    }
    const mine = this.#recorded.then(write)
    this.#recorded = mine.catch(() => undefined)
    await mine
  }

  /** Makes the files of the output, which are empty at first. */
  async openOutput(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      const path = this.#name.path(stream)
      const facts = { kind: `command_${stream}`, event: this.#event, of: this.recordPath } as const
      const entry = this.#evidence.entry(path, facts)
      this.#streams.set(stream, { entry, file: await open(path, 'w', evidenceModes.file) })
      entry.begin()
    }
  }

  /** Output as it comes, whatever becomes of the guest. */
  readonly addOutput = (stream: OutputStream, chunk: Buffer): void => {
    const write = async () => {
      const output = this.#streams.get(stream)
      await output?.file.appendFile(chunk)
      output?.entry.pass(chunk)
    }
    this.#written = this.#written.then(write).catch((error: unknown) => void (this.#failure ??= error))
  }

  /**
   * @param isComplete whether it is all that the command printed
   * @throws SeeError `RESULTS_UNWRITABLE`
   */
  async closeOutput({ isComplete }: { readonly isComplete: boolean }): Promise<void> {
    await this.#written
    const outputs = Array.from(this.#streams.values())
    this.#streams.clear()
    const state = isComplete && this.#failure === undefined ? 'complete' : 'incomplete'
    for (const { entry, file } of outputs) {
      await file.close()
      entry.end(state)
    }
    this.#assertWritten()
  }

  /**
   * Resolves once all output that came is in its files.
   * @throws SeeError `RESULTS_UNWRITABLE`
   */
  async flushOutput(): Promise<void> {
    await this.#written
    this.#assertWritten()
  }

  #assertWritten(): void {
    if (this.#failure === undefined) return
    const why = messageOf(this.#failure)
    throw new SeeError(
      'RESULTS_UNWRITABLE',
      `the output ${this.#name.base}.stdout or .stderr cannot be written: ${why}`,
      {
        cause: this.#failure,
      },
    )
  }
}
