import { setTimeout as sleep } from 'node:timers/promises'

export interface UntilOptions {
  /** Bound of the wait in milliseconds. */
  readonly timeoutMs: number
  /** Pause between two questions in milliseconds. */
  readonly intervalMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks again and again until the answer is not undefined.
 * @throws what `timedOut` makes, or the signal's reason
 */
export async function until<Answer>(
  ask: () => Promise<Answer | undefined>,
  timedOut: () => Error,
  { timeoutMs, intervalMs = 50, signal }: UntilOptions,
): Promise<Answer> {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    signal?.throwIfAborted()
    const answer = await ask()
    if (answer !== undefined) return answer
    if (performance.now() >= deadline) throw timedOut()
    await sleep(intervalMs, undefined, { signal }).catch(() => signal?.throwIfAborted())
  }
}
