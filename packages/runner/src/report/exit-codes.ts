/** What `see` exits with. */
export const exitCodes = {
  done: 0,
  /** Bad usage or configuration: nothing was made, or nothing that ran. */
  usage: 1,
  /** The sandbox failed. */
  sandbox: 2,
  /** A hook or one of its handlers failed, or evidence could not be written; the sandbox did not fail. */
  hook: 3,
  /** The deadline was reached. */
  deadline: 4,
  /** By SIGINT (Ctrl-C), SIGTERM, SIGHUP (a terminal that closed) or SIGQUIT; the report says which. */
  interrupted: 130,
} as const

export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]
