/** For handlers whose owner has no bound of its own, in milliseconds. */
const EACH_HANDLER_MS = 3_600_000
const LONGEST_TIMER_MS = 2 ** 31 - 1

/** One run of a handler that is waited for. */
export interface BoundedRun {
  readonly dueAt: number
  /** Called once when it is due, with its bound in milliseconds. */
  readonly expire: (timeoutMs: number) => void
  readonly timeoutMs: number
}

/**
 * The bounds of the handlers of one context that are waited for. They have one timer between them, for the first that is due:
 * nearly all end long before, and a timer for each would take as long as everything else that an event costs. It does not keep
 * the process alive, which a guest does.
 */
export class HandlerBounds {
  readonly #runs = new Set<BoundedRun>()
  #timer: NodeJS.Timeout | undefined
  #looksAt = Number.POSITIVE_INFINITY

  begin(timeoutMs = EACH_HANDLER_MS, expire: BoundedRun['expire']): BoundedRun {
    const now = performance.now()
    const run = { dueAt: now + timeoutMs, expire, timeoutMs }
    this.#runs.add(run)
    if (run.dueAt < this.#looksAt) this.#lookAt(run.dueAt, now)
    return run
  }

  /** Returns whether it had not expired. */
  end(run: BoundedRun): boolean {
    return this.#runs.delete(run)
  }

  /** Nothing expires any more. */
  close(): void {
    clearTimeout(this.#timer)
    this.#looksAt = Number.NEGATIVE_INFINITY
  }

  #lookAt(at: number, now: number): void {
    clearTimeout(this.#timer)
    this.#looksAt = at
    // A timer may be a little early.
    this.#timer = setTimeout(this.#look, Math.min(Math.ceil(at - now) + 1, LONGEST_TIMER_MS)).unref()
  }

  readonly #look = (): void => {
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    const due: BoundedRun[] = []
    for (const run of this.#runs) {
      if (run.dueAt <= now) due.push(run)
      else next = Math.min(next, run.dueAt)
    }
    this.#looksAt = Number.POSITIVE_INFINITY
    if (next < Number.POSITIVE_INFINITY) this.#lookAt(next, now)
    for (const run of due) if (this.#runs.delete(run)) run.expire(run.timeoutMs)
  }
}
