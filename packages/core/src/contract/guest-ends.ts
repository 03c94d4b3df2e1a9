import type { GuestEnd, GuestListener } from './guest-end.ts'
import type { EvidenceWarning } from './evidence-warning.ts'
import type { LimitReached } from './limit-reached.ts'

/** Linux tries several ways to reset its machine, of which more than one may work: such resets are one reboot. */
const ONE_REBOOT_MS = 1000

/**
 * Separates the ends and reboots of one guest that were asked for from those that were not, and passes the latter on.
 * Each run of a guest ends at most once.
 */
export class GuestEnds {
  /** The context that gets the reports; the latest one where a sandbox gets a second. */
  listener: GuestListener | undefined
  #run: 'off' | 'starting' | 'on' | 'crashed' = 'off'
  #asked: 'nothing' | 'reboot' | 'shutdown' | 'off' = 'nothing'
  /** An end during the start. It is reported once the start has succeeded; else the start's own error says it. */
  #early: GuestEnd | undefined
  #lastResetMs = Number.NEGATIVE_INFINITY

  /** Whether the guest runs, or is being started, by the reports so far. */
  get isOn(): boolean {
    return this.#run === 'on' || (this.#run === 'starting' && this.#early === undefined)
  }

  /** Runs `start`, which powers the guest on. */
  async whileStarting(start: () => Promise<void>): Promise<void> {
    this.#run = 'starting'
    this.#asked = 'nothing'
    this.#early = undefined
    try {
      await start()
    } catch (error) {
      this.#run = 'off'
      throw error
    }
    this.#run = 'on'
    if (this.#early !== undefined) this.ended(this.#early)
  }

  /** The power is cut on request. */
  askOff(): void {
    this.#asked = 'off'
  }

  /** The guest is asked to shut down; it may take its time. */
  askShutdown(): void {
    if (this.#asked !== 'off') this.#asked = 'shutdown'
  }

  /** The guest is asked to reboot. */
  askReboot(): void {
    if (this.#asked === 'nothing') this.#asked = 'reboot'
  }

  /** A crashed guest was reset. */
  runsAgain(): void {
    if (this.#run === 'crashed') this.#run = 'on'
  }

  ended(end: GuestEnd): void {
    if (this.#run === 'starting') this.#early ??= end
    if (this.#run !== 'on') return
    this.#run = end.reason === 'crashed' ? 'crashed' : 'off'
    if (!this.#isAsked(end)) this.listener?.ended(end)
  }

  /** It is off, and that needs no report. */
  isOff(): void {
    this.#run = 'off'
  }

  rebooted(detail: string): void {
    this.runsAgain()
    const sinceLastMs = performance.now() - this.#lastResetMs
    this.#lastResetMs = performance.now()
    if (this.#run === 'off' || sinceLastMs < ONE_REBOOT_MS) return
    if (this.#asked === 'reboot') this.#asked = 'nothing'
    else if (this.#asked !== 'off') this.listener?.rebooted(detail)
  }

  warned(warning: EvidenceWarning): void {
    this.listener?.warned(warning)
  }

  limitReached(limit: LimitReached): void {
    this.listener?.limitReached(limit)
  }

  #isAsked({ reason }: GuestEnd): boolean {
    const isGuestsOwn = reason === 'powered_off' || reason === 'stopped'
    return this.#asked === 'off' || (isGuestsOwn && this.#asked !== 'nothing')
  }
}
