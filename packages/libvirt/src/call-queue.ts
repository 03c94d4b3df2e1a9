/**
 * Lets a bounded number of calls through at a time, first come, first served. libvirtd stops reading a connection that
 * has max_client_requests (default 5) calls in progress, and closes it when that lasts.
 */
export class CallQueue {
  readonly #limit: number
  readonly #waiting = new Set<() => void>()
  #running = 0

  constructor(limit: number) {
    this.#limit = limit
  }

  /** Runs `start` now or when a place is free. The function returned takes it out of the queue, if it still waits. */
  add(start: () => void): () => boolean {
    if (this.#running < this.#limit) {
      this.#running++
      start()
      return () => false
    }
    // A wrapper of its own, so that the same function can wait twice.
    const entry = (): void => start()
    this.#waiting.add(entry)
    return () => this.#waiting.delete(entry)
  }

  /** A call that was let through has ended. */
  done(): void {
    this.#running--
    for (const start of this.#waiting) {
      this.#waiting.delete(start)
      this.#running++
      start()
      return
    }
  }
}
