/** Turns times into milliseconds since the case began. */
export class Clock {
  readonly started: number
  #latest = 0

  /** @param started milliseconds since the epoch */
  constructor(started: number) {
    this.started = started
  }

  /** The latest time that was asked for. */
  get latest(): number {
    return this.#latest
  }

  /** @param t milliseconds since the case began */
  readonly at = (t: number): number => {
    const rounded = Math.round(t * 1000) / 1000
    this.#latest = Math.max(this.#latest, rounded)
    return rounded
  }

  readonly ofEpoch = (epochMs: number): number => this.at(epochMs - this.started)

  /** Null for what is no time. */
  readonly ofIso = (text: string | null): number | null => {
    const epochMs = text === null ? Number.NaN : Date.parse(text)
    return Number.isNaN(epochMs) ? null : this.ofEpoch(epochMs)
  }

  /** The guest may set its clock as it likes: null for what is not within the case. */
  readonly ofGuest = (text: string | null): number | null => {
    const epochMs = text === null ? Number.NaN : Date.parse(text)
    const t = epochMs - this.started
    return t >= 0 && t <= this.#latest ? Math.round(t) : null
  }
}
