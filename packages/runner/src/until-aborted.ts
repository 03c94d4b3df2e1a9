import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'

/**
 * Waits for work that should stop when the signal aborts: for so long after that, and no longer; no
 * longer at all once `hurry` aborts.
 * @throws what the work throws, or the signal's reason when it was left behind
 */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  graceMs: number,
  hurry?: AbortSignal,
): Promise<Result> {
  const over = new AbortController()
  const leaveBehind = async (): Promise<never> => {
    await aborted(signal, over.signal)
    const grace = sleep(graceMs, undefined, { signal: over.signal })
    await (hurry === undefined ? grace : Promise.race([grace, aborted(hurry, over.signal)]))
    throw signal.reason
  }
  try {
    return await Promise.race([work, leaveBehind()])
  } finally {
    over.abort()
  }
}

async function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort', { signal: over })
}
