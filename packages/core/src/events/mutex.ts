/** Lets one through at a time, first come, first served. */
export class Mutex {
  #busy = false
  readonly #waiting: (() => void)[] = []

  get busy(): boolean {
    return this.#busy
  }

  /** How many wait to enter. */
  get waiting(): number {
    return this.#waiting.length
  }

  /** Enters if it is free; returns whether it did. The caller must then `leave`. */
  tryEnter(): boolean {
    if (this.#busy) return false
    this.#busy = true
    return true
  }

  /**
   * Waits for its turn to enter. The caller must then `leave`.
   * @throws the signal's reason, when it aborts first
   */
  async enter(signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted()
    // A caller that leaves while another waits hands over: the gate stays busy.
    if (!this.tryEnter()) await this.#wait(signal)
  }

  #wait(signal: AbortSignal | undefined): Promise<void> {
    return new Promise((resolve, reject) => {
      const enter = (): void => {
        signal?.removeEventListener('abort', giveUp)
        resolve()
      }
      const giveUp = (): void => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1)
        reject(signal?.reason)
      }
      this.#waiting.push(enter)
      signal?.addEventListener('abort', giveUp, { once: true })
    })
  }

  leave(): void {
    const next = this.#waiting.shift()
    if (next === undefined) this.#busy = false
    else next()
  }

  /** Resolves when it is free. */
  async idle(): Promise<void> {
    while (this.#busy) {
      await this.enter()
      this.leave()
    }
  }
}
