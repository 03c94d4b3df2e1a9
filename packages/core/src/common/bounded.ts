/** The longest that a timer can be set to; a longer wait is as good as an endless one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

export interface Bounds {
  readonly signal?: AbortSignal | undefined
  /** In milliseconds; no bound when not given. */
  readonly timeoutMs?: number | undefined
}

/**
 * The result of `work`, unless the signal aborts or the time is over first. Then the signal that the work was given aborts
 * with the same reason, and whatever the work comes to is dropped.
 * @throws the signal's reason, `timedOut()`, or what the work throws
 */
export async function bounded<Result>(
  { signal, timeoutMs = Number.POSITIVE_INFINITY }: Bounds,
  timedOut: (timeoutMs: number) => Error,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result> {
  signal?.throwIfAborted()
  const over = new AbortController()
  const abort = (): void => over.abort(signal?.reason)
  const expire = (): void => over.abort(timedOut(timeoutMs))
  const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(expire, timeoutMs)
  signal?.addEventListener('abort', abort, { once: true })
  const stopped = new Promise<never>((_resolve, reject) => {
    over.signal.addEventListener('abort', () => reject(over.signal.reason), { once: true })
  })
  try {
    return await Promise.race([stopped, work(over.signal)])
  } finally {
    clearTimeout(timer)
    signal?.removeEventListener('abort', abort)
  }
}
