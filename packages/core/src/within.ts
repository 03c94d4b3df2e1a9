import { setTimeout as sleep } from 'node:timers/promises'

/** The result of `work`, or `timedOut()` thrown if it takes longer than `timeoutMs` milliseconds. */
export async function within<Result>(
  timeoutMs: number,
  work: Promise<Result>,
  timedOut: () => Error,
): Promise<Result> {
  const timer = new AbortController()
  const timeout = sleep(timeoutMs, undefined, { signal: timer.signal }).then(() => {
    throw timedOut()
  })
  try {
    return await Promise.race([work, timeout])
  } finally {
    timer.abort()
    timeout.catch(() => undefined)
  }
}
