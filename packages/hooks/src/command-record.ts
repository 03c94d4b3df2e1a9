import { writeEvidence } from './evidence-file.ts'

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
  /** Whether an output stream was longer than is kept. */
  truncated: boolean
  error: string | null
}

/** The files of one command: `<base>.json`, `<base>.stdout` and `<base>.stderr`. */
export class CommandFiles {
  readonly recordPath: string
  readonly #base: string

  constructor(base: string) {
    this.#base = base
    this.recordPath = `${base}.json`
  }

  async writeRecord(record: CommandRecord): Promise<void> {
    await writeEvidence(this.recordPath, `${JSON.stringify(record, undefined, 2)}\n`)
  }

  async writeOutput({ stdout, stderr }: { readonly stdout: Buffer; readonly stderr: Buffer }): Promise<void> {
    await writeEvidence(`${this.#base}.stdout`, stdout)
    await writeEvidence(`${this.#base}.stderr`, stderr)
  }
}
