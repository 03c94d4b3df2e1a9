import type { SeeContext } from '@see/core'

/** What a protocol is given. */
export interface ProtocolParameters {
  /** The path on this host of the sample, a file or a folder; of an archive, of what was in it. */
  readonly sample?: string
  /** The file of a folder that is the sample. */
  readonly entry?: string
  /** The SHA-256 of a sample that is a file, in hexadecimal: `run_sample` with it runs no other file. */
  readonly sha256?: string
  /** What a sample without a command is started with. */
  readonly arguments?: readonly string[]
  /** What to run in the guest; `{sample}` in it stands for the sample's path there. */
  readonly command?: string
  /** How long what runs in the guest is given, in milliseconds. */
  readonly runtimeMs: number
  /** The bound of each wait for the guest, in milliseconds. */
  readonly timeoutMs: number
  /** After which a guest that does not shut down is cut from its power, in milliseconds. */
  readonly shutdownTimeoutMs: number
  /** Aborts on Ctrl-C. A protocol that does not stop then is left behind. */
  readonly signal: AbortSignal
  /** Shows what is being done. */
  progress(this: void, message: string): void
}

/** Drives a test case from power-on to the end of its analysis; what it throws fails the run. */
export type Protocol = (context: SeeContext, parameters: ProtocolParameters) => Promise<void>
