/** How long what ends a process waits, in milliseconds, where its user does not say. */
export const processBoundsMs = {
  /** For hooks to clean up after a signal, before the end is in a hurry. */
  patience: 15_000,
  /** For JavaScript without a return to the event loop, or a call that does not return. */
  loop: 30_000,
} as const
