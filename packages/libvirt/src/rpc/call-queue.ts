import { onAbort } from '../common/abort.ts'

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

  get hasPlace(): boolean {
    return this.#running < this.#limit
  }

  /** Runs `start` now or when a place is free. The function returned takes it out of the queue, if it still waits. */
  add(start: () => void): () => boolean {
    if (this.hasPlace) {
      this.#running++
      start()
      return () => false
    }
    // A wrapper of its own, so that the same function can wait twice.
    const entry = (): void => start()
    this.#waiting.add(entry)
    return () => this.#waiting.delete(entry)
  }

  /** Waits for a place; rejects with the signal's reason. */
  turn(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const stopListening = onAbort(signal, (reason) => {
        leaveQueue()
        reject(reason)
      })
      const leaveQueue = this.add(() => {
        stopListening()
        resolve()
      })
    })
  }

  /** A call that was let through has ended. Can be passed on as a function. */
  readonly done = (): void => {
    this.#running--
    for (const start of this.#waiting) {
      this.#waiting.delete(start)
      this.#running++
      start()
      return
    }
  }
}
