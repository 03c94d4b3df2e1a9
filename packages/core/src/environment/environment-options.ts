import type { Logger } from '../common/logger.ts'
import type { HookBounds } from '../hooks/hook-bounds.ts'

/**
 * The bounds of hooks are for those whose configuration has no others: five minutes for a set-up, an hour for each run of a
 * synchronous handler, thirty seconds for a clean-up when not given.
 */
export interface EnvironmentOptions extends Partial<HookBounds> {
  /** A UUID; a new one when not given. */
  readonly identifier?: string
  /** Aborts the allocation; what exists by then is released. */
  readonly signal?: AbortSignal
  readonly logger?: Logger
  /**
   * How long the environment may take in all, in milliseconds from its allocation on; null for no such bound, a day when not
   * given. When it is reached, `deadline_reached` is fired, and the environment is deallocated: `context.signal` aborts with a
   * SeeError `DEADLINE_REACHED`, and hooks have six seconds in all.
   */
  readonly deadlineMs?: number | null
  /** How long handlers may go on once the environment ends, in milliseconds; ten seconds when not given. */
  readonly handlersTimeoutMs?: number
  /**
   * Says that the caller fires no event that is not declared. Where all hooks are stock ones, each that is configured and
   * not declared is then warned of; else those that resemble a declared one.
   */
  readonly firesDeclaredOnly?: boolean
  /**
   * Once it aborts, deallocation waits two seconds at most for handlers and set-ups, and four for the clean-ups of hooks together. The sandbox
   * is released all the same.
   */
  readonly hurry?: AbortSignal
}
