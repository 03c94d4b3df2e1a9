/** How long what an environment waits for may take, in milliseconds, where its user does not say. */
export const environmentBoundsMs = {
  /** From its allocation on; whatever still runs a day later was forgotten. */
  deadline: 24 * 3_600_000,
  /** For handlers of `deadline_reached`, before everything else is ended. */
  deadlineEvent: 1000,
  /** For all handlers and transitions once the environment ends. */
  handlers: 10_000,
  /** For the handlers and set-ups once the end is in a hurry. */
  hurriedHandlers: 2000,
  /** For all clean-ups of hooks once the end is in a hurry: enough to end processes and to close files. */
  hurriedCleanUps: 4000,
  /** For one piece of work once the end is in a hurry. */
  hurriedEach: 2000,
  /** The same at least: enough to close a file. */
  hurriedEachAtLeast: 250,
  /** For the release of the sandbox. */
  sandbox: 120_000,
  /** For a provider to undo an allocation that was aborted. */
  undo: 30_000,
} as const
