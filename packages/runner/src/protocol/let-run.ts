import { setTimeout as sleep } from 'node:timers/promises'
import type { SeeContext } from '@see/core'

/**
 * Lets a guest run for so many milliseconds, or until it has ended: then it has nothing more to show.
 * @throws the signal's reason
 */
export async function letRun(context: SeeContext, runtimeMs: number, signal: AbortSignal): Promise<void> {
  const over = new AbortController()
  const endRuntime = (): void => over.abort()
  if (context.guestEnds.length > 0) return
  const ends = ['domain_stopped', 'domain_crashed'] as const
  for (const event of ends) context.subscribe(event, endRuntime)
  try {
    await sleep(runtimeMs, undefined, { signal: AbortSignal.any([signal, over.signal]) })
  } catch (error) {
    signal.throwIfAborted()
    if (!over.signal.aborted) throw error
  } finally {
    for (const event of ends) context.unsubscribe(event, endRuntime)
  }
}
