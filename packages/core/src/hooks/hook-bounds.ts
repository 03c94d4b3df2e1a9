/** How long each hook may take, in milliseconds. */
export interface HookBounds {
  /** For its `setup`. */
  readonly setupTimeoutMs: number
  /** For each run of a synchronous handler, with the events that it fires. */
  readonly eachHandlerTimeoutMs: number
  /** For its `cleanup`. */
  readonly cleanupTimeoutMs: number
}

/** For a set-up, a handler and a clean-up where neither the environment nor its configuration says: work, not hanging. */
export const defaultHookBounds: HookBounds = {
  setupTimeoutMs: 300_000,
  eachHandlerTimeoutMs: 3_600_000,
  cleanupTimeoutMs: 30_000,
}
