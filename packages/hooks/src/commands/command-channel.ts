import type { ExecOptions, ExecResult, SampleCopy } from '@see/core'
import type { CommandRecord } from './command-record.ts'
import type { CommandRequest } from './command-request.ts'

/** What is reported of a command while it runs: all of its output, in parts, at the latest when it has ended. */
export type CommandProgress = Required<Pick<ExecOptions, 'onOutput' | 'onRunning'>>

/** Runs what was prepared; undefined when it runs in the background and its end is never reported. */
export type PreparedCommand = (
  signal: AbortSignal,
  progress: CommandProgress,
) => Promise<ExecResult | undefined>

/** What to run, with the copy of the sample that is brought into the guest: what was hashed is what runs. */
export interface CopiedRequest extends CommandRequest {
  readonly copy: SampleCopy | undefined
}

/** A way into the guest on which commands are run. */
export interface CommandChannel {
  /** Whether a command counts as started when it is sent; else once the guest has answered. */
  readonly startsWhenSent: boolean
  /** Readies the command, waits until the guest can be asked, and fills the record in on the way. */
  prepare(request: CopiedRequest, record: CommandRecord, signal: AbortSignal): Promise<PreparedCommand>
}

export interface ChannelBounds {
  /** How long a command may run. */
  readonly timeoutMs: number
  /** What is kept of each output stream. */
  readonly maxOutputBytes: number
  /** How long the guest may take until it can be asked. */
  readonly readyTimeoutMs: number
}
