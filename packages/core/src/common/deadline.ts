import { SeeError } from './errors.ts'

/** The longest that a timer can be set to. */
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** A wall clock: its signal aborts with `DEADLINE_REACHED` so many milliseconds after it was made. It keeps no process alive. */
export class Deadline implements Disposable {
  /** How long it is in all; null where it is never reached. */
  readonly deadlineMs: number | null
  readonly #abort = new AbortController()
  readonly #what: string
  readonly #endsAt: number
  #timer: NodeJS.Timeout | undefined

  /**
   * @param what names the thing that has to end, for the error
   * @throws SeeError `CONFIGURATION_INVALID` for a deadline that is not above zero
   */
  constructor(what: string, deadlineMs: number | null) {
    if (deadlineMs !== null && !(deadlineMs > 0)) {
      const message = `the deadline of ${what} is ${deadlineMs} ms; give a number above 0, or null for none`
      throw new SeeError('CONFIGURATION_INVALID', message)
    }
    this.deadlineMs = deadlineMs
    this.#what = what
    this.#endsAt = performance.now() + (deadlineMs ?? Number.POSITIVE_INFINITY)
    if (deadlineMs !== null) this.#arm()
  }

  /** Aborts with a SeeError `DEADLINE_REACHED`. */
  get signal(): AbortSignal {
    return this.#abort.signal
  }

  /** Milliseconds that are left, zero at least; null where it is never reached. */
  get leftMs(): number | null {
    return this.deadlineMs === null ? null : Math.max(0, this.#endsAt - performance.now())
  }

  /** The error of a deadline that is reached. */
  reached(): SeeError {
    const afterMs = Math.round(this.deadlineMs ?? 0)
    const message = `${this.#what} reached its deadline, ${afterMs} ms after it began, and was ended`
    return new SeeError('DEADLINE_REACHED', message)
  }

  /** From now on it is not reached any more. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer)
  }

  #arm(): void {
    const leftMs = Math.ceil(this.leftMs ?? 0)
    this.#timer = setTimeout(() => this.#check(), Math.min(leftMs, LONGEST_TIMER_MS)).unref()
  }

  #check(): void {
    if (this.leftMs === 0) this.#abort.abort(this.reached())
    else this.#arm()
  }
}
