/** What `see` exits with. */
export const exitCodes = {
  done: 0,
  /** Bad usage or configuration: nothing was made, or nothing that ran. */
  usage: 1,
  /** The sandbox failed. */
  sandbox: 2,
  /** The run finished, but a hook or one of its handlers failed. */
  hook: 3,
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
