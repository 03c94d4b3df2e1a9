import { bounded } from '../common/bounded.ts'
import { SeeError } from '../common/errors.ts'
import { hypervisorTimeout } from '../contract/hypervisor-timeout.ts'
import type { SandboxDomain } from '../contract/resources.ts'
import type { DomainState, Transition } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/** How long the provider may take for a transition, in milliseconds, where its caller does not say. */
export const transitionTimeoutsMs = {
  poweron: 300_000,
  pause: 60_000,
  resume: 60_000,
  restart: 60_000,
  shutdown: 60_000,
  poweroff: 60_000,
} as const satisfies Record<Transition, number>

/** Before its power is cut, how long a hypervisor may take to report the state of a domain. */
const ANSWER_MS = 5000

const waitedFor: Record<Transition, string> = {
  poweron: 'to power the guest on',
  pause: 'to suspend the guest',
  resume: 'to let the guest go on',
  restart: 'to ask the guest to restart',
  shutdown: 'to ask the guest to shut down',
  poweroff: 'to cut the power of the guest',
}

const adviceFor = (transition: Transition): string =>
  transition === 'poweroff'
    ? 'the guest may still run: deallocate the environment'
    : 'state() says what became of it; poweroff() and deallocate() remain possible'

/** How long the provider may take to say in which state the domain is, in milliseconds. */
const STATE_MS = 30_000

/** @throws SeeError `HYPERVISOR_TIMEOUT` when the provider does not say in time */
export async function askState(
  domain: Pick<SandboxDomain, 'getState'>,
  { signal, timeoutMs = STATE_MS }: WaitOptions,
): Promise<DomainState> {
  const late = hypervisorTimeout('the answer in which state the domain is')
  return await bounded({ signal, timeoutMs }, late, async (over) => {
    return (await domain.getState({ signal: over })).state
  })
}

/** The time that one transition leaves its provider, shared by all that is asked of it. */
export class TransitionBound {
  readonly #transition: Transition
  readonly #signal: AbortSignal | undefined
  readonly #timeoutMs: number
  readonly #timedOut: () => SeeError
  #leftMs: number

  /** @param timedOut what to throw once the time is over; `TRANSITION_TIMEOUT` when not given */
  constructor(transition: Transition, { signal, timeoutMs }: WaitOptions, timedOut?: () => SeeError) {
    this.#timedOut = timedOut ?? (() => this.#transitionTimeout())
    this.#transition = transition
    this.#signal = signal
    this.#timeoutMs = timeoutMs ?? transitionTimeoutsMs[transition]
    this.#leftMs = this.#timeoutMs
  }

  /**
   * What `ask` comes to, in five seconds at most and half of the time that is left; undefined when no answer came: power can
   * be cut from what does not answer.
   */
  async ifAnswered<Result>(ask: (wait: WaitOptions) => Promise<Result>): Promise<Result | undefined> {
    const beganAt = performance.now()
    const silent = new Error('no answer')
    const bounds = { signal: this.#signal, timeoutMs: Math.min(ANSWER_MS, this.#leftMs / 2) }
    try {
      return await bounded(
        bounds,
        () => silent,
        (signal) => ask({ signal }),
      )
    } catch (error) {
      if (error !== silent) throw error
      return undefined
    } finally {
      this.#charge(beganAt)
    }
  }

  /**
   * @param work gets a signal that aborts when the time is over
   * @throws SeeError `TRANSITION_TIMEOUT`, the signal's reason, or what the work throws
   */
  async spend<Result>(work: (wait: WaitOptions) => Promise<Result>): Promise<Result> {
    const beganAt = performance.now()
    const bounds = { signal: this.#signal, timeoutMs: this.#leftMs }
    try {
      return await bounded(bounds, this.#timedOut, (signal) => work({ signal }))
    } finally {
      this.#charge(beganAt)
    }
  }

  #charge(beganAt: number): void {
    this.#leftMs = Math.max(0, this.#leftMs - (performance.now() - beganAt))
  }

  #transitionTimeout(): SeeError {
    const transition = this.#transition
    return new SeeError(
      'TRANSITION_TIMEOUT',
      `${transition} was given up: the provider took longer than ${this.#timeoutMs} ms ${waitedFor[transition]}; QEMU or libvirtd may be stopped or overloaded. ${capital(adviceFor(transition))}`,
    )
  }
}

function capital(text: string): string {
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}`
}
