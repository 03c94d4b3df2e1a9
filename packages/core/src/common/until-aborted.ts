import { setTimeout as sleep } from 'node:timers/promises'

interface Grace {
  /** How long the work is waited for once the signal aborts, in milliseconds; it may depend on the signal's reason. */
  readonly graceMs: number | ((reason: unknown) => number)
  /** Ends that wait. */
  readonly hurry?: AbortSignal | undefined
}

/**
 * Waits for work that should stop when the signal aborts: for so long after that, and no longer.
 * @throws what the work throws, or the signal's reason when it was left behind
 */
export async function untilAborted<Result>(
  work: Promise<Result>,
  signal: AbortSignal,
  { graceMs, hurry }: Grace,
): Promise<Result> {
  const over = new AbortController()
  const leaveBehind = async (): Promise<never> => {
    await aborted(signal, over.signal)
    const forMs = typeof graceMs === 'number' ? graceMs : graceMs(signal.reason)
    const grace = sleep(forMs, undefined, { signal: over.signal })
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
  if (signal.aborted) return
  await new Promise((resolve) => {
    const end = (): void => resolve(undefined)
    signal.addEventListener('abort', end, { once: true, signal: over })
    over.addEventListener('abort', end, { once: true })
  })
  over.throwIfAborted()
}
