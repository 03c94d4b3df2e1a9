/** How long a caller waits: what each transition, each method of a domain and `deallocate` takes as its last argument. */
export interface WaitOptions {
  /** Ends the wait with the signal's reason. */
  readonly signal?: AbortSignal | undefined
  /** Bound of the wait, in milliseconds. */
  readonly timeoutMs?: number | undefined
}
