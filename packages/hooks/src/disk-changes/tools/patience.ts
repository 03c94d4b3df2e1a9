/** What one new thing is worth. A guest on a busy host brings many more in that time. */
const THING_MS = 20
/** What an answer is worth: of those there are no more than are asked for, and one takes long where many share a host. */
const ANSWER_MS = 1000

/**
 * How long to wait for a program that may talk without end: time uses it up, and new output gives some of it back. Times
 * are those of `performance.now()`.
 */
export class Patience {
  #mostMs: number
  #leftMs: number
  #wholeMs: number
  #since = 0

  /**
   * @param mostMs without anything new
   * @param wholeMs altogether, whatever comes
   */
  constructor(mostMs: number, wholeMs: number) {
    this.#mostMs = mostMs
    this.#leftMs = mostMs
    this.#wholeMs = wholeMs
  }

  /** Until it is lost, if nothing comes. */
  get leftMs(): number {
    return Math.max(0, Math.min(this.#leftMs, this.#wholeMs))
  }

  /** Why it is lost, once it is. */
  get loss(): string {
    return this.#wholeMs < this.#leftMs
      ? 'takes too much of the time of the analysis'
      : `said nothing new for ${Math.round(this.#mostMs / 1000)} s`
  }

  /** Time counts from now on. */
  begin(nowMs: number): void {
    this.#since = nowMs
  }

  /** Time counts until now. */
  spend(nowMs: number): void {
    const spentMs = nowMs - this.#since
    this.#since = nowMs
    this.#leftMs -= spentMs
    this.#wholeMs -= spentMs
  }

  /** For something new. */
  gain(): void {
    this.#regain(THING_MS)
  }

  /** For an answer that came to its end. */
  gainByAnswer(): void {
    this.#regain(ANSWER_MS)
  }

  /** From now on, this long without anything new. */
  restart(mostMs: number): void {
    this.#mostMs = mostMs
    this.#leftMs = mostMs
  }

  #regain(ms: number): void {
    this.#leftMs = Math.min(this.#mostMs, this.#leftMs + ms)
  }
}
