import { setTimeout as sleep } from 'node:timers/promises'

/** How often it looks: often enough for the silence, and seldom enough to cost nothing. */
const LOOK = { mostMs: 500, perSilence: 10 }

/** Watches a count of heartbeats. */
export class Pulse {
  readonly #count: () => number
  readonly #endsAt: number

  /** @param forMs how long it watches, in milliseconds; without end when not given */
  constructor(count: () => number, forMs = Number.POSITIVE_INFINITY) {
    this.#count = count
    this.#endsAt = performance.now() + forMs
  }

  /**
   * Resolves with `silent` when there was no heartbeat for so long, or with `over` when it has watched for as long as it
   * should. Looks are counted, not time: while the whole process was suspended, none was missed.
   */
  async until(silenceMs: number): Promise<'silent' | 'over'> {
    let last = this.#count()
    const lookMs = lookFor(silenceMs)
    for (let looks = 0; looks * lookMs < silenceMs; looks++) {
      await sleep(lookMs)
      if (performance.now() > this.#endsAt) return 'over'
      const count = this.#count()
      if (count !== last) looks = -1
      last = count
    }
    return 'silent'
  }

  /** Whether a heartbeat comes within that time, in milliseconds. */
  async beatsWithin(timeMs: number): Promise<boolean> {
    const first = this.#count()
    const lookMs = lookFor(timeMs)
    for (let looks = 0; looks * lookMs < timeMs; looks++) {
      await sleep(lookMs)
      if (this.#count() !== first) return true
    }
    return false
  }
}

function lookFor(silenceMs: number): number {
  return Math.min(LOOK.mostMs, silenceMs / LOOK.perSilence)
}
