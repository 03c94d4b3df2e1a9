import { runAs } from '../events/actor.ts'
import type { Owner } from '../events/owner.ts'
import type { Context } from './context.ts'
import { messageOf, type SeeError } from '../common/errors.ts'
import { type EvidenceWarning, evidenceWarning } from '../contract/evidence-warning.ts'
import { type GuestEnd, type GuestListener, isFailedEnd } from '../contract/guest-end.ts'
import type { LimitReached } from '../contract/limit-reached.ts'
import { quoteGuestText } from '../common/quote-guest-text.ts'
import type { DomainState } from '../contract/transitions.ts'

/** Reboots that are events: the guest decides how often it reboots. */
const MOST_REBOOTS = 100

/**
 * What a guest did unasked: how its runs ended, its reboots, limits that it reached, and an agent that misbehaved.
 * Each is an event or a warning.
 */
export class GuestConduct implements GuestListener {
  /** Oldest first; at most one for each run. */
  readonly ends: GuestEnd[] = []
  reboots = 0
  readonly #context: Context
  readonly #owner: Owner
  readonly #onNewRun: () => void
  #endOfRun: GuestEnd | undefined
  #agentMisbehaved = false

  /**
   * @param owner who fires the events
   * @param onNewRun called when what was known of the guest's run, such as its addresses, no longer holds
   */
  constructor(context: Context, owner: Owner, onNewRun: () => void) {
    this.#context = context
    this.#owner = owner
    this.#onNewRun = onNewRun
  }

  /** Whether the present run ended in a way that the guest cannot have meant. */
  get hasFailed(): boolean {
    return this.#endOfRun !== undefined && isFailedEnd(this.#endOfRun)
  }

  /** The guest is powered on or restarted, as it was asked to. */
  beginRun(): void {
    this.#endOfRun = undefined
  }

  /** Why the guest does not run. */
  explain(state: DomainState): string {
    return this.#endOfRun === undefined ? `it is ${state}` : `it is ${state} (${this.#endOfRun.detail})`
  }

  ended(end: GuestEnd): void {
    this.#endOfRun = end
    this.ends.push(end)
    this.#onNewRun()
    const { reason, detail, exitCode, signal } = end
    const context = this.#context
    context.logger.info({ reason, detail }, 'the guest ended without a request')
    const known = { detail, exit_code: exitCode, signal }
    this.#fire(() =>
      reason === 'crashed'
        ? context.trigger('domain_crashed', { reason, ...known })
        : context.trigger('domain_stopped', { reason, ...known }),
    )
    if (reason !== 'stopped' && reason !== 'lost') return
    this.warned(evidenceWarning('GUEST_END_UNKNOWN', 'how the guest ended', detail))
  }

  rebooted(detail: string): void {
    this.reboots++
    this.#onNewRun()
    if (this.reboots <= MOST_REBOOTS) {
      this.#fire(() => this.#context.trigger('domain_rebooted', { reason: 'guest_reset', detail }))
    }
    if (this.reboots !== MOST_REBOOTS + 1) return
    const why = `the guest rebooted more than ${MOST_REBOOTS} times; run.json has their number`
    this.warned(evidenceWarning('GUEST_REBOOTS_CUT', 'further reboots of the guest', why))
  }

  limitReached(limit: LimitReached): void {
    this.#fire(async () => this.#context.reportLimit(limit))
  }

  warned(warning: EvidenceWarning): void {
    this.#fire(() => this.#context.warn(warning))
  }

  /** Warned of once: the guest decides how often it happens. */
  readonly agentMisbehaved = (error: SeeError): void => {
    if (this.#agentMisbehaved) return
    this.#agentMisbehaved = true
    this.warned(
      evidenceWarning(
        'AGENT_MISBEHAVED',
        'what the guest’s agent was asked for',
        quoteGuestText(error.message),
      ),
    )
  }

  /** Fires in no turn of the work that happens to run, which may itself wait for the event. */
  #fire(fire: () => Promise<void>): void {
    runAs({ owner: this.#owner, turn: undefined }, fire).catch((error: unknown) => {
      // The environment has come to its end meanwhile; what is on record is in the report all the same.
      this.#context.logger.debug({ err: error }, `not fired: ${messageOf(error)}`)
    })
  }
}
