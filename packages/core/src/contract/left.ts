import type { OwnerRecord } from '../common/owner-record.ts'

/** One thing that a process recorded and has not undone. */
export interface LeftEntry {
  /** The name of the provider that made it; undefined for what is not of a provider. */
  readonly provider?: string | undefined
  readonly kind: string
  /** Names the thing, for people. */
  readonly what: string
  /** Comes from a file: to be parsed by who reads it. */
  readonly payload: unknown
}

/** An environment that a provider found without a ledger, by what its objects say of themselves. */
export interface FoundEnvironment {
  readonly identifier: string
  readonly owner: OwnerRecord
  /** In the order in which they are made: to be undone from the last to the first. */
  readonly entries: readonly LeftEntry[]
}

export interface UndoOptions {
  readonly signal: AbortSignal
  /**
   * How long, in milliseconds, what the process asked for just before it ended may still come into being: so long is looked
   * for it again; zero when not given.
   */
  readonly settleMs?: number
}

/** Undoes what killed processes left; it holds its connections until it is disposed of. Several calls may run side by side. */
export interface Undoer extends AsyncDisposable {
  /**
   * Undoes one thing of the environment `identifier`, unless it is not there or is another's. It may be called twice.
   * @throws SeeError when that cannot be done now, for example because a daemon does not answer; the entry is then kept
   */
  undo(identifier: string, entry: LeftEntry, options: UndoOptions): Promise<void>
  /**
   * Looks for environments without a ledger.
   * @throws SeeError when that cannot be found out now
   */
  find?(options: UndoOptions): Promise<readonly FoundEnvironment[]>
  /**
   * Removes what belongs to no single environment and is empty, such as the file of a lock of a process that was killed as
   * soon as it had it. Called after everything was undone.
   * @throws SeeError when that cannot be done now
   */
  sweep?(options: UndoOptions): Promise<void>
}

/** How a provider undoes what its killed sandboxes left. */
export interface Leftovers {
  /** The kinds of its entries. A kind may be shared by providers that have the same value here. */
  readonly kinds: readonly string[]
  /** Those that a daemon may still make when the process that asked for it has ended. */
  readonly settling?: readonly string[]
  readonly undoer: () => Promise<Undoer>
}
