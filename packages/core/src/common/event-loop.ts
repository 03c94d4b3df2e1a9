/** How long events may follow one another before signals, timers and sockets are heard. */
const LONGEST_BURST_MS = 50

/** Knows how long the event loop has not turned. */
export class EventLoop {
  #since: number | undefined

  /** Whether it is time to let it turn. */
  isHeldUp(): boolean {
    if (this.#since !== undefined) return performance.now() - this.#since > LONGEST_BURST_MS
    this.#since = performance.now()
    setImmediate(() => void (this.#since = undefined))
    return false
  }
}
