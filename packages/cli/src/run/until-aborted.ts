import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for work that should stop when the signal aborts: for so long after that, and no longer.
 * @throws what the work throws, or the signal's reason when it was left behind
 */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  graceMs: number,
): Promise<Result> {
  const over = new AbortController()
  const leaveBehind = async (): Promise<never> => {
    if (!signal.aborted) await once(signal, 'abort', { signal: over.signal })
    await sleep(graceMs, undefined, { signal: over.signal })
    throw signal.reason
  }
  try {
    return await Promise.race([work, leaveBehind()])
  } finally {
    over.abort()
  }
}
