import type { FoundEnvironment, LeftEntry } from '../contract/left.ts'

/**
 * `alive`: its process lives. `left`: its process has ended, or lives and could not remove all of it. `elsewhere`: its
 * process is on another host that shares the ledger's folder. `unknown`: its ledger cannot be read.
 */
export type EnvironmentState = 'alive' | 'left' | 'elsewhere' | 'unknown'

/** An environment that has something on this host. */
export interface ListedEnvironment {
  readonly identifier: string
  readonly state: EnvironmentState
  /** The process that made it; undefined where the state is `unknown`. */
  readonly owner: FoundEnvironment['owner'] | undefined
  /** When its ledger was begun, in milliseconds since 1970; undefined for one without a ledger. */
  readonly sinceMs: number | undefined
  /** Names of the providers that made something of it. */
  readonly providers: readonly string[]
  /** In the order in which it was made. */
  readonly holds: readonly LeftEntry[]
  /** Whether it has a ledger; else its objects said whose they are. */
  readonly isRecorded: boolean
  /** Why its ledger cannot be read. */
  readonly problem?: string
}

/** Something that could not be looked at or undone. */
export interface ReaperProblem {
  readonly what: string
  readonly error: unknown
}
