import type { Diagnosis, PastEvent } from '../readiness/diagnosis.ts'
import type { Readiness, ReadyOptions } from '../readiness/ready-options.ts'
import type { WaitingGuest } from '../readiness/waiting-guest.ts'
import type { Context } from './context.ts'

const MOST_EVENTS = 30

/** The waits of a context for its guest, as events. */
export class ContextReadiness {
  readonly #context: Context & WaitingGuest
  /** The last ones, oldest first. */
  readonly #events: PastEvent[] = []
  /** What was seen of the guest when it did not get ready last. */
  diagnosis: Diagnosis | undefined

  constructor(context: Context & WaitingGuest) {
    this.#context = context
    context.observe({
      eventFired: ({ event: { name, origin, timestamp } }) => {
        this.#events.push({ name, origin, timestamp })
        if (this.#events.length > MOST_EVENTS) this.#events.shift()
      },
    })
  }

  /** @throws as `SeeContext.ready` */
  async wait(options: ReadyOptions): Promise<Readiness> {
    const { awaitReadiness } = await import('../readiness/guest-readiness.ts')
    const outcome = await awaitReadiness(this.#context, this.#events, options)
    if (!(outcome instanceof Error)) {
      const { by, afterMs, detail } = outcome
      await this.#context.trigger('ready', { by, after_ms: afterMs, detail })
      return outcome
    }
    this.diagnosis = outcome.diagnosis
    const { cause, waitedFor, afterMs } = outcome.diagnosis
    await this.#context.trigger('not_ready', { cause, waited_for: waitedFor, after_ms: afterMs })
    throw outcome
  }
}
