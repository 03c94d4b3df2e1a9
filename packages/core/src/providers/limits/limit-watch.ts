import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf } from '../../common/errors.ts'
import type { Logger } from '../../common/logger.ts'
import { unlessAborted } from '../../common/with-timeout.ts'

const INTERVAL_MS = 1000

/** A limit that is watched. */
export interface Gauge {
  /** Names it in the log. */
  readonly limit: string
  /** What is used now; undefined where that cannot be measured, for now or ever. */
  readonly measure: () => Promise<number | undefined>
  readonly isReached: (measured: number) => boolean
  /** Called as often as that is found, since a guest that was paused may have been resumed without any room. */
  readonly reached: (measured: number) => Promise<void>
}

/** Measures once a second what a guest uses, from its start to its end. */
export class LimitWatch {
  readonly #gauges: readonly Gauge[]
  readonly #logger: Logger
  readonly #intervalMs: number
  #ending: AbortController | undefined
  #watching: Promise<void> = Promise.resolve()

  constructor(gauges: readonly Gauge[], logger: Logger, intervalMs = INTERVAL_MS) {
    this.#gauges = gauges
    this.#logger = logger
    this.#intervalMs = intervalMs
  }

  /** The guest runs; a watch that is there already goes on. */
  start(): void {
    if (this.#ending !== undefined || this.#gauges.length === 0) return
    const ending = new AbortController()
    this.#ending = ending
    this.#watching = this.#watch(ending.signal)
  }

  /** The guest has ended: no further limit is reached. */
  async stop(): Promise<void> {
    this.#ending?.abort()
    this.#ending = undefined
    await this.#watching
  }

  async #watch(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await sleep(this.#intervalMs, undefined, { signal, ref: false }).catch(() => undefined)
      for (const gauge of this.#gauges) if (!signal.aborted) await this.#look(gauge, signal)
    }
  }

  async #look(gauge: Gauge, signal: AbortSignal): Promise<void> {
    try {
      // No second one beside one that hangs: they would take up all that a hypervisor does at a time.
      const measured = await unlessAborted(signal, gauge.measure())
      if (measured === undefined || signal.aborted || !gauge.isReached(measured)) return
      await unlessAborted(signal, gauge.reached(measured))
    } catch (error) {
      this.#logger.debug({ limit: gauge.limit, error: messageOf(error) }, 'a limit could not be watched')
    }
  }
}
