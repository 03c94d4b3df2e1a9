import { setTimeout as sleep } from 'node:timers/promises'
import { SeeError } from './errors.ts'

/** What work of a hook is given once the end is in a hurry: enough to end a process, not to wait for one. */
const HURRIED_MS = 1000

/**
 * Waits for work of hooks; once `hurry` aborts, only a second longer.
 * @param what names the work, for the error
 * @throws SeeError `RELEASE_TIMEOUT` when it was left behind, or what the work throws
 */
export async function inHurry<Result>(
  what: string,
  hurry: AbortSignal,
  work: Promise<Result>,
): Promise<Result> {
  const over = new AbortController()
  const leaveBehind = async (): Promise<never> => {
    await aborted(hurry, over.signal)
    await sleep(HURRIED_MS, undefined, { signal: over.signal })
    throw new SeeError('RELEASE_TIMEOUT', `${what} took too long for an end in a hurry, and was left behind`)
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
