/** The longest that a timer can be set to; a longer wait is as good as an endless one. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * The result of `work`, if it comes within `timeoutMs` milliseconds. What takes longer goes on, and its result is
 * dropped.
 * @throws `timedOut()`, or the signal's reason
 */
export async function withTimeout<Result>(
  timeoutMs: number,
  work: Promise<Result>,
  timedOut: () => Error,
  signal?: AbortSignal,
): Promise<Result> {
  const over = new AbortController()
  const stopped = new Promise<never>((_resolve, reject) => {
    const abort = () => reject(signal?.reason)
    const expire = () => reject(timedOut())
    const timer = timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(expire, timeoutMs)
    over.signal.addEventListener('abort', () => clearTimeout(timer))
    signal?.addEventListener('abort', abort, { signal: over.signal })
    if (signal?.aborted === true) abort()
  })
  try {
    return await Promise.race([stopped, work])
  } finally {
    over.abort()
  }
}

/**
 * The result of `work`, unless the signal aborts first.
 * @throws the signal's reason
 */
export function unlessAborted<Result>(signal: AbortSignal, work: Promise<Result>): Promise<Result> {
  return withTimeout(Number.POSITIVE_INFINITY, work, () => new Error('unreachable'), signal)
}
