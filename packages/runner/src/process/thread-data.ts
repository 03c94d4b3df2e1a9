/** What the thread of a watchdog works with. */
export interface ThreadData {
  /** The memory of a `SharedNote`. */
  readonly memory: SharedArrayBuffer
  /** The symbol of the global function that prepares the process for a termination. */
  readonly key: string
  readonly loopTimeoutMs: number
  readonly identifier: string
  /** The folder of the case's evidence. */
  readonly folder: string
  /** The mode of its files. */
  readonly mode: number
}
