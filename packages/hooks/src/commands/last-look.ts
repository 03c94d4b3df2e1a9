import { setTimeout as sleep } from 'node:timers/promises'
import { Latch } from '../processes/latch.ts'

/**
 * A command is given so long from its start, so that one which ends immediately does so on record however short the
 * run.
 */
const LEAST_RUN_MS = 2000
/** Between two looks are 200 ms, and an agent that is busy. */
const LOOK_MS = 2000

/** Waits, before the guest of a command stops, until it is known whether the command has ended. */
export class LastLook {
  readonly #started = performance.now()
  readonly #ended = new Latch()
  #waiting: (() => void)[] = []
  /** Since when the agent has not been heard while the guest ran; undefined while the guest is being stopped, or is paused. */
  #unheardSince: number | undefined = this.#started
  #unheardBeforeMs = 0

  /** For how long the guest has run since the agent last answered, in milliseconds. */
  get unheardMs(): number {
    const since = this.#unheardSince
    return this.#unheardBeforeMs + (since === undefined ? 0 : performance.now() - since)
  }

  /** To be called each time that the command was seen to run. */
  readonly looked = (): void => {
    this.#unheardBeforeMs = 0
    if (this.#unheardSince !== undefined) this.#unheardSince = performance.now()
    const waiting = this.#waiting
    this.#waiting = []
    for (const resolve of waiting) resolve()
  }

  /** To be called when the guest goes on after a pause. */
  resumed(): void {
    this.#unheardSince = performance.now()
  }

  /** To be called when what came of the command is on record. */
  end(): void {
    this.#ended.open()
  }

  /** Resolves once the command has ended, or was seen to run at a look that began after this call; a few seconds at most. */
  async taken(): Promise<void> {
    try {
      const least = this.#started + LEAST_RUN_MS - performance.now()
      if (least > 0 && (await this.#endsWithin(least, this.#ended.opened))) return
      // The first may have begun before.
      const looks = async () => {
        await this.#next()
        await this.#next()
      }
      await this.#endsWithin(LOOK_MS, Promise.race([this.#ended.opened, looks()]))
    } finally {
      this.#unheardBeforeMs = this.unheardMs
      this.#unheardSince = undefined
    }
  }

  async #endsWithin(timeoutMs: number, end: Promise<void>): Promise<boolean> {
    const over = new AbortController()
    const late = sleep(timeoutMs, false, { signal: over.signal }).catch(() => false)
    try {
      return await Promise.race([end.then(() => true), late])
    } finally {
      over.abort()
    }
  }

  #next(): Promise<void> {
    return new Promise((resolve) => void this.#waiting.push(resolve))
  }
}
