/** How a wait is given up from outside. */
export interface SignalOptions {
  /** Takes a waiting call out of the queue, or gives up a running one; rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined
}

/** What every method takes as its last argument. */
export interface CallOptions extends SignalOptions {
  /**
   * Bound of the wait for the daemon's answer, in milliseconds; without it, as long as the connection lives. Then it fails
   * with CALL_TIMEOUT. The daemon may carry the call out all the same.
   */
  readonly timeoutMs?: number | undefined
}

/** Runs `handler` with the signal's reason when it aborts, until the returned function is called. */
export function onAbort(signal: AbortSignal | undefined, handler: (reason: Error) => void): () => void {
  if (signal === undefined) return () => {}
  const listener = (): void => handler(abortReason(signal))
  signal.addEventListener('abort', listener, { once: true })
  return () => signal.removeEventListener('abort', listener)
}

/** Waits for work that may go on for others when the signal aborts. */
export function unlessAborted<T>(work: Promise<T>, signal: AbortSignal | undefined): Promise<T> {
  return new Promise((resolve, reject) => {
    const stopListening = onAbort(signal, reject)
    void work.then(resolve, reject).finally(stopListening)
  })
}

export function abortReason(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

export interface FlagOptions extends CallOptions {
  /** Members of the flags object named after the method's libvirt function, combined with `|`. */
  readonly flags?: number | undefined
}
