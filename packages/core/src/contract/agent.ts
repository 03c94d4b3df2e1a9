import type { PollOptions } from '../common/poll.ts'

export interface PingOptions {
  /** How long the agent may take to answer, in milliseconds; ten seconds when not given. */
  readonly timeoutMs?: number
}

export interface ExecOptions {
  /** Given to the program as its standard input. */
  readonly stdin?: string | Uint8Array
  /** How long the program may run, in milliseconds, before it is killed; one minute when not given. */
  readonly timeoutMs?: number
  /** How much of each output stream is brought back, in bytes; 1 MiB when not given. */
  readonly maxOutputBytes?: number
  /**
   * Called with the output as it comes, while the program runs: the same bytes as are brought back, unless the guest
   * ends first. What it throws ends the wait for the program.
   */
  readonly onOutput?: (stream: OutputStream, chunk: Buffer) => void
  /** Called each time that the program was seen to run still. */
  readonly onRunning?: () => void
  /**
   * Goes on collecting what programs that it leaves running print after its end: `late` of the result. Without it, that is
   * not collected.
   */
  readonly keepOutput?: boolean
  readonly signal?: AbortSignal
}

export type OutputStream = 'stdout' | 'stderr'

export interface ExecResult {
  /** Null when a signal ended the program. */
  readonly exitCode: number | null
  /** The number of the signal that ended the program. */
  readonly signal: number | null
  readonly stdout: Buffer
  readonly stderr: Buffer
  /** Whether there was more of either stream than is here: more than `maxOutputBytes`, or than the guest had room for. */
  readonly truncated: boolean
  /** Why output, or the exit code, was lost in the guest; null when nothing is known to be. */
  readonly lost: string | null
  /** The output that comes after this end; only with `keepOutput`, and where some can come. The caller has to close it. */
  readonly late?: LateOutput
}

/** Output of a program that has ended, as long as programs that it left running may print more. */
export interface LateOutput {
  /**
   * Whether a program has the output open still.
   * @throws SeeError when the guest does not say
   */
  isOpen(): Promise<boolean>
  /**
   * Brings what came since the last time, by `onOutput`; `maxOutputBytes` bounds it together with what came before.
   * @returns whether that is all that there is now
   * @throws SeeError as other commands of the agent
   */
  collect(): Promise<boolean>
  /** Stops collecting. @returns what is known now of the whole output */
  close(): Promise<Pick<ExecResult, 'truncated' | 'lost'>>
}

/** Runs programs in a sandbox, and moves files in and out. Whatever it brings back is bounded. */
export interface Agent {
  /** @throws SeeError `AGENT_UNRESPONSIVE` when no answer comes within `timeoutMs`, `GUEST_STOPPED` when the guest is off */
  ping(options?: PingOptions): Promise<void>
  /**
   * Waits until the agent answers: it starts some time after the guest.
   * @throws SeeError `AGENT_UNRESPONSIVE`, or immediately `AGENT_UNAVAILABLE` or `GUEST_STOPPED`
   */
  waitUntilReady(options: PollOptions): Promise<void>
  /**
   * Runs a program in the guest: its path or name and arguments, without a shell of ours between.
   * @throws SeeError `GUEST_EXEC_TIMEOUT` after killing it and what it started, `AGENT_COMMAND_FAILED` when it cannot be
   * started, `AGENT_COMMAND_DISABLED` when the guest's agent may not run programs
   */
  exec(argv: readonly [string, ...string[]], options?: ExecOptions): Promise<ExecResult>
  /** Whether the guest says that it is a Windows: paths and programs differ there. */
  isWindows(): Promise<boolean>
  /** Writes a file in the guest, replacing what was there. */
  writeFile(path: string, content: string | Uint8Array): Promise<void>
  /**
   * Reads a file of the guest.
   * @param options.maxBytes the most it may hold; 1 MiB when not given
   * @throws SeeError `GUEST_OUTPUT_LIMIT` when it holds more
   */
  readFile(path: string, options?: { readonly maxBytes?: number }): Promise<Buffer>
}
