import { setMaxListeners } from 'node:events'
import { SeeError } from '../common/errors.ts'
import type { SeeEvent } from '../events/event.ts'
import type { EvidenceWarning } from '../contract/evidence-warning.ts'
import type { LimitReached } from '../contract/limit-reached.ts'
import type { Logger } from '../common/logger.ts'
import { Observable } from '../events/observable.ts'
import { ReleaseStack } from '../common/release-stack.ts'
import type { IsolationReceipt } from '../isolation/receipt.ts'
import type { ProbeTraffic } from '../isolation/probe-traffic.ts'
import { WarningRecord } from './warning-record.ts'

/** Limits that are on record: a guest that is resumed may reach one again and again. */
const MOST_LIMITS = 100

/**
 * An observable sandbox. Extend it for a sandbox of your own: say in `cleanup` how to release it; everything about
 * events is here.
 */
export abstract class Context extends Observable {
  /** The UUID of the environment, which names everything that belongs to it. */
  readonly identifier: string
  /** What the guest was seen to be isolated from, once that was verified. */
  isolation: IsolationReceipt | undefined
  /** What distinguishes the packets of each probe of the isolation from those of a sample. */
  readonly probes: ProbeTraffic[] = []
  /** Why programs are not run by the guest's own agent; set by a hook that runs them another way. */
  otherAgent: string | undefined
  readonly #abort = new AbortController()
  readonly #warnings = new WarningRecord()
  readonly #limits: LimitReached[] = []
  readonly #events = new Set<string>()
  readonly #afterHooks = new ReleaseStack()
  #closed = false

  constructor(identifier: string, logger: Logger) {
    super(logger)
    this.identifier = identifier
    // However many wait on it, that is no leak.
    setMaxListeners(0, this.#abort.signal)
  }

  /** Releases the sandbox. Called once, when the environment is deallocated. */
  abstract cleanup(): Promise<void>

  /** Aborts when deallocation begins; whatever waits in a hook should wait on it. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /**
   * Begins the end: aborts `signal`. Events still fire, so that hooks can finish their work.
   * @param reason of the abort; a SeeError `CONTEXT_CLOSED` when not given
   */
  abort(reason?: unknown): void {
    this.#abort.abort(
      reason ?? new SeeError('CONTEXT_CLOSED', `environment ${this.identifier} is being deallocated`),
    )
  }

  /** What evidence lacks so far, oldest first, each once and at most 501. */
  get warnings(): readonly EvidenceWarning[] {
    return this.#warnings.all
  }

  /**
   * Puts on record that evidence lacks something, and fires `evidence_incomplete` when that is new. The event's handlers are
   * not waited for: an event that is being handled may be waiting for the one who warns.
   */
  async warn(warning: EvidenceWarning): Promise<void> {
    const kept = this.#warnings.add(warning)
    if (kept === undefined) return
    this.logger.info({ warning: kept }, 'evidence is incomplete')
    this.trigger('evidence_incomplete', { ...kept }).catch((error: unknown) => {
      this.logger.error({ err: error }, 'evidence_incomplete could not be fired')
    })
  }

  /** The limits that were reached so far, oldest first; the first hundred. */
  get limitsReached(): readonly LimitReached[] {
    return this.#limits
  }

  /** Puts on record that a limit was reached, and fires `limit_reached`, whose handlers are not waited for. */
  reportLimit(limit: LimitReached): void {
    if (this.#limits.length >= MOST_LIMITS) return
    this.#limits.push(limit)
    this.logger.warn(limit, 'a limit was reached')
    this.trigger('limit_reached', limit).catch((error: unknown) => {
      this.logger.error({ err: error }, 'limit_reached could not be fired')
    })
  }

  /** Declares that something fires events of these names in this environment, for example a hook configured with them. */
  declareEvents(events: Iterable<string>): void {
    for (const event of events) this.#events.add(event)
  }

  /** What was declared for this environment only. */
  get declaredEvents(): ReadonlySet<string> {
    return this.#events
  }

  /**
   * Has something that hooks share ended once every hook is cleaned up, before the sandbox is released; last in, first out.
   * @param what names it, for the error
   */
  afterHooks(what: string, end: () => unknown): void {
    this.#afterHooks.defer(what, end)
  }

  /**
   * Ends what hooks share. Called by the environment, when they are cleaned up.
   * @throws the failure, if it is the only one, or AggregateError with all of them
   */
  async endShared(): Promise<void> {
    try {
      await this.#afterHooks.release()
    } catch (error) {
      throw error instanceof AggregateError && error.errors.length === 1 ? error.errors[0] : error
    }
  }

  /** From now on nothing fires any more. */
  close(): void {
    this.#closed = true
    this.leaveHandlers()
  }

  protected override assertOpen(event: SeeEvent | string): void {
    if (!this.#closed) return
    throw new SeeError(
      'CONTEXT_CLOSED',
      `cannot fire "${event}": environment ${this.identifier} is deallocated`,
    )
  }
}
