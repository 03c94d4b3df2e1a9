import { SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import type { SandboxDomain } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { ShutdownOptions } from './shutdown-arguments.ts'
import { TransitionBound, transitionTimeoutsMs } from './transition-bound.ts'

const AGAIN_MS = 5000
/** How long the provider may take to ask it. */
const ASK_MS = 30_000

/** A guest that was asked to shut down. */
interface StoppingGuest {
  readonly domain: Pick<SandboxDomain, 'shutdown'>
  state(): Promise<DomainState>
}

interface Conduct {
  /** Whether it ended in a way that it cannot have meant. */
  readonly hasFailed: boolean
  /** Why it does not run. */
  explain(state: DomainState): string
}

/**
 * Waits until the guest has shut down, and asks it again every five seconds: one that boots just now does not hear it.
 * @throws SeeError `SHUTDOWN_TIMEOUT`, or `GUEST_STOPPED` when the guest crashes, or is killed, instead
 */
export function shutOff(
  guest: StoppingGuest,
  conduct: Conduct,
  { timeoutMs = Number.POSITIVE_INFINITY, signal }: ShutdownOptions,
): Promise<true> {
  let askedAt = performance.now()
  const ask = async () => {
    const now = await guest.state()
    if (now !== 'shutoff' && now !== 'crashed') {
      if (performance.now() - askedAt < AGAIN_MS) return undefined
      askedAt = performance.now()
      // It may be off by now.
      await guest.domain.shutdown({ signal, timeoutMs: ASK_MS }).catch(() => undefined)
      return undefined
    }
    if (now === 'shutoff' && !conduct.hasFailed) return true
    throw new SeeError('GUEST_STOPPED', `the guest ended instead of shutting down: ${conduct.explain(now)}`)
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
