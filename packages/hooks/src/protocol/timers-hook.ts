import { type ConfiguredEventName, evidenceWarning, eventNames, Hook, messageOf, z } from '@see/core'

/** The longest that a timer of Node can be set to: 2^31 - 1 ms. */
const LONGEST_SECONDS = 2_147_483

const entry = z.object({ events: eventNames, seconds: z.number().nonnegative().max(LONGEST_SECONDS) })

const timers = z
  .record(z.string(), z.number())
  .transform((record): z.input<typeof entry>[] =>
    Object.entries(record).map(([events, seconds]) => ({ events, seconds })),
  )
  .pipe(z.array(entry))

const schema = z.object({
  timers: timers
    .prefault({})
    .describe('How many seconds after `post_poweron` each event is fired, by its name.'),
})

/** Fires events a configured time after each power-on, unless the guest is off before. */
export class TimersHook extends Hook<typeof schema> {
  static override readonly schema = schema
  readonly #timers = new Map<NodeJS.Timeout, string>()

  setup(): void {
    this.context.declareEvents(this.configuration.timers.flatMap(({ events }) => events))
    this.context.subscribe('post_poweron', this.startTimers)
    this.context.subscribe('post_poweroff', this.stopTimers)
    this.context.subscribe('post_shutdown', this.stopTimers)
    this.context.subscribe('domain_crashed', this.giveUpTimers)
    this.context.subscribe('domain_stopped', this.giveUpTimers)
    this.context.signal.addEventListener('abort', this.stopTimers, { once: true })
  }

  override cleanup(): void {
    this.context.signal.removeEventListener('abort', this.stopTimers)
    this.stopTimers()
  }

  readonly startTimers = (): void => {
    this.stopTimers()
    if (this.context.signal.aborted) return
    for (const { events, seconds } of this.configuration.timers) {
      for (const event of events) this.#start(event, seconds)
    }
  }

  readonly stopTimers = (): void => {
    for (const timer of this.#timers.keys()) clearTimeout(timer)
    this.#timers.clear()
  }

  /** What should have happened at their events is missing from the evidence. */
  readonly giveUpTimers = async (): Promise<void> => {
    const events = new Set(this.#timers.values())
    this.stopTimers()
    for (const event of events) {
      const what = `what happens at the event ${event} of a timer`
      await this.context.warn(evidenceWarning('TIMER_UNFIRED', what, 'the guest had ended before'))
    }
  }

  #start(event: ConfiguredEventName, seconds: number): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      this.context.trigger(event).catch((error: unknown) => {
        this.logger.error({ event, err: error }, `timer could not fire: ${messageOf(error)}`)
      })
    }, seconds * 1000)
    this.#timers.set(timer, event)
  }
}
