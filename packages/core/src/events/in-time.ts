import { SeeError } from '../common/errors.ts'
import type { SeeEvent } from './event.ts'
import { nameOf } from './owner.ts'
import type { Subscription } from './subscription.ts'

/** For handlers whose owner has no bound of its own, in milliseconds. */
const EACH_HANDLER_MS = 3_600_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/**
 * Waits for a synchronous handler, within the bound of its owner. One that takes longer goes on, and is not waited for.
 * @throws SeeError `HOOK_TIMEOUT`, or what the handler throws
 */
export function inTime(result: unknown, subscription: Subscription, event: SeeEvent): Promise<void> {
  const timeoutMs = subscription.owner.eachHandlerTimeoutMs ?? EACH_HANDLER_MS
  // By hand, since it is on the way of every event.
  return new Promise((resolve, reject) => {
    const expire = (): void => {
      const what = `${nameOf(subscription)} took longer than ${timeoutMs} ms for "${event}"`
      reject(new SeeError('HOOK_TIMEOUT', `${what}, and was left behind; raise handler_timeout`))
    }
    const timer = setTimeout(expire, Math.min(timeoutMs, LONGEST_TIMER_MS))
    const end = (then: () => void): void => {
      clearTimeout(timer)
      then()
    }
    Promise.resolve(result).then(
      () => end(resolve),
      (error: unknown) => end(() => reject(error)),
    )
  })
}
