import { apart } from './apart.ts'
import { environmentBoundsMs } from './bounds-ms.ts'
import { SeeError } from './errors.ts'
import { untilAborted } from './until-aborted.ts'

/** The time that work of hooks has at the end of an environment: as much as it needs, until the end is in a hurry. */
export class EndBudget {
  readonly #hurry: AbortSignal
  readonly #hurriedMs: number
  #endsAt: number | undefined

  /** @param hurriedMs how long all of it may take together once `hurry` aborts, in milliseconds */
  constructor(hurry: AbortSignal, hurriedMs: number) {
    this.#hurry = hurry
    this.#hurriedMs = hurriedMs
  }

  /**
   * Does some work of hooks. It may be broken off by a watchdog, so that it never comes to an end.
   * @param what names it, for the error
   * @throws SeeError `RELEASE_TIMEOUT` when it was left behind, or what the work throws
   */
  async spend<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    const hurry = this.#hurry
    try {
      return await untilAborted(apart(work), hurry, { graceMs: () => this.#graceMs() })
    } catch (error) {
      if (!hurry.aborted || error !== hurry.reason) throw error
      const message = `${what} took too long for an end in a hurry, and was left behind`
      throw new SeeError('RELEASE_TIMEOUT', message, { cause: error })
    }
  }

  #graceMs(): number {
    const now = performance.now()
    this.#endsAt ??= now + this.#hurriedMs
    const { hurriedEach: most, hurriedEachAtLeast: least } = environmentBoundsMs
    return Math.max(least, Math.min(most, this.#endsAt - now))
  }
}
