import { SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { ShutdownOptions } from './shutdown-arguments.ts'
import { TransitionBound, transitionTimeoutsMs } from './transition-bound.ts'

const AGAIN_MS = 5000

/** A guest that was asked to shut down. */
interface StoppingGuest {
  readonly state: () => Promise<DomainState>
  readonly askAgain: () => Promise<void>
  /** Whether it ended in a way that it cannot have meant. */
  readonly hasFailed: () => boolean
  /** Why it does not run. */
  readonly explain: (state: DomainState) => string
}

/**
 * Waits until the guest has shut down, and asks it again every five seconds: one that boots just now does not hear it.
 * @throws SeeError `SHUTDOWN_TIMEOUT`, or `GUEST_STOPPED` when the guest crashes, or is killed, instead
 */
export function shutOff(
  { state, askAgain, hasFailed, explain }: StoppingGuest,
  { timeoutMs = Number.POSITIVE_INFINITY, signal }: ShutdownOptions,
): Promise<true> {
  let askedAt = performance.now()
  const ask = async () => {
    const now = await state()
    if (now !== 'shutoff' && now !== 'crashed') {
      if (performance.now() - askedAt < AGAIN_MS) return undefined
      askedAt = performance.now()
      // It may be off by now.
      await askAgain().catch(() => undefined)
      return undefined
    }
    if (now === 'shutoff' && !hasFailed()) return true
    throw new SeeError('GUEST_STOPPED', `the guest ended instead of shutting down: ${explain(now)}`)
  }
  return poll(ask, () => timedOut(timeoutMs), { timeoutMs, signal })
}

/**
 * The bound of asking the guest. A caller whose bound is the shorter one is not interested in who took so long.
 */
export function shutdownBound({ signal, timeoutMs }: ShutdownOptions): TransitionBound {
  const isShorter = timeoutMs !== undefined && timeoutMs < transitionTimeoutsMs.shutdown
  if (!isShorter) return new TransitionBound('shutdown', { signal })
  return new TransitionBound('shutdown', { signal, timeoutMs }, () => timedOut(timeoutMs))
}

function timedOut(timeoutMs: number): SeeError {
  return new SeeError(
    'SHUTDOWN_TIMEOUT',
    `the guest did not shut down within ${timeoutMs} ms; it may ignore the power button: cut its power with poweroff()`,
  )
}
