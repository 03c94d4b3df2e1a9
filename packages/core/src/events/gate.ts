/** Lets one through at a time, first come, first served. */
export class Gate {
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

  /** Waits for its turn to enter. The caller must then `leave`. */
  async enter(): Promise<void> {
    // A caller that leaves while another waits hands over: the gate stays busy.
    if (!this.tryEnter()) await new Promise<void>((resolve) => this.#waiting.push(resolve))
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
