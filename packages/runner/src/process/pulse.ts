import { setTimeout as sleep } from 'node:timers/promises'

const LOOK_MS = 100

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
    for (let looks = 0; looks * LOOK_MS < silenceMs; looks++) {
      await sleep(LOOK_MS)
      if (performance.now() > this.#endsAt) return 'over'
      const count = this.#count()
      if (count !== last) looks = 0
      last = count
    }
    return 'silent'
  }

  /** Whether a heartbeat comes within that time, in milliseconds. */
  async beatsWithin(timeMs: number): Promise<boolean> {
    const first = this.#count()
    for (let looks = 0; looks * LOOK_MS < timeMs; looks++) {
      await sleep(LOOK_MS)
      if (this.#count() !== first) return true
    }
    return false
  }
}
