export interface CallOptions {
  readonly signal?: AbortSignal | undefined
  readonly timeoutMs?: number | undefined
}

/**
 * The result of `work`, if it comes in time; what comes later is unheard.
 * @throws `timedOut()`, or the signal's reason
 */
export async function before<Result>(
  work: Promise<Result>,
  { signal, timeoutMs = 10_000 }: CallOptions,
  timedOut: () => Error,
): Promise<Result> {
  const over = new AbortController()
  const stopped = new Promise<never>((_resolve, reject) => {
    const timer = setTimeout(() => reject(timedOut()), timeoutMs)
    over.signal.addEventListener('abort', () => clearTimeout(timer))
    signal?.addEventListener('abort', () => reject(signal.reason), { signal: over.signal })
    if (signal?.aborted === true) reject(signal.reason)
  })
  try {
    return await Promise.race([stopped, work])
  } finally {
    over.abort()
  }
}
