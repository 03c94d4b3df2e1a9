import { type FileHandle, open } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, type OutputStream, SeeError, type SeeEvent } from '@see/core'
import type { CommandRequest } from './command-request.ts'
import { evidenceModes, writeEvidence } from '../results/evidence-file.ts'

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

/** The files of one command: `<base>.json`, `<base>.stdout` and `<base>.stderr`. */
export class CommandFiles {
  readonly recordPath: string
  readonly #base: string
  readonly #streams = new Map<OutputStream, FileHandle>()
  #recorded: Promise<void> = Promise.resolve()
  /** What is being written, in the order in which it came. */
  #written: Promise<void> = Promise.resolve()
  #failure: unknown

  constructor(base: string) {
    this.#base = base
    this.recordPath = `${base}.json`
  }

  /** Writes the record as it is once those before are written. */
  async writeRecord(record: CommandRecord): Promise<void> {
    const write = () => writeEvidence(this.recordPath, `${JSON.stringify(record, undefined, 2)}\n`)
    const mine = this.#recorded.then(write)
    this.#recorded = mine.catch(() => undefined)
    await mine
  }

  /** Makes the files of the output, which are empty at first. */
  async openOutput(): Promise<void> {
    for (const stream of ['stdout', 'stderr'] as const) {
      this.#streams.set(stream, await open(`${this.#base}.${stream}`, 'w', evidenceModes.file))
    }
  }

  /** Output as it comes, whatever becomes of the guest. */
  readonly addOutput = (stream: OutputStream, chunk: Buffer): void => {
    const write = async () => await this.#streams.get(stream)?.appendFile(chunk)
    this.#written = this.#written.then(write).catch((error: unknown) => void (this.#failure ??= error))
  }

  /** @throws SeeError `RESULTS_UNWRITABLE` */
  async closeOutput(): Promise<void> {
    await this.#written
    const files = Array.from(this.#streams.values())
    this.#streams.clear()
    for (const file of files) await file.close()
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
      `the output ${this.#base}.stdout or .stderr cannot be written: ${why}`,
      {
        cause: this.#failure,
      },
    )
  }
}
