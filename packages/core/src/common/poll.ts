import { setTimeout as sleep } from 'node:timers/promises'
import { withTimeout } from './with-timeout.ts'

export interface PollOptions {
  /** Bound of the wait in milliseconds. */
  readonly timeoutMs: number
  /** Pause between two questions in milliseconds. */
  readonly intervalMs?: number
  /** Up to which the pause grows, by a tenth each time, in milliseconds; `intervalMs` when not given. */
  readonly maxIntervalMs?: number
  readonly signal?: AbortSignal | undefined
}

/**
 * Asks again and again until the answer is not undefined. A question that is never answered does not hold up the end.
 * @throws what `timedOut` makes, or the signal's reason
 */
export async function poll<Answer>(
  ask: () => Promise<Answer | undefined>,
  timedOut: () => Error,
  { timeoutMs, intervalMs = 50, maxIntervalMs = intervalMs, signal }: PollOptions,
): Promise<Answer> {
  signal?.throwIfAborted()
  const over = new AbortController()
  const askAgain = async () => {
    for (let pauseMs = intervalMs; ; pauseMs = Math.min(pauseMs * 1.1, maxIntervalMs)) {
      const answer = await ask()
      if (answer !== undefined) return answer
      await sleep(pauseMs, undefined, { signal: over.signal })
    }
  }
  try {
    return await withTimeout(timeoutMs, askAgain(), timedOut, signal)
  } finally {
    over.abort()
  }
}
