/** A listing in which nothing comes for so long is given up. */
const SILENCE_MS = 25_000
/** What the kernel of the helper guest is waited for at least, though listings have used up what there is. */
const LEAST_MS = 5_000
/** Share of the time that is left, for all listings of a disk. */
const WHOLE_SHARE = 1 / 2

/**
 * What a disk may cost by being silent, whatever number of file systems are on it: a guest can make directories in which a
 * reader is busy and finds nothing.
 */
export class ListingBudget {
  /** `performance.now()` at which all listings of the disk must be over. */
  readonly endMs: number
  #silenceMs: number
  #leastMs: number

  /**
   * @param remainingMs what is left of the analysis
   * @param disks that are read one after the other
   */
  constructor(remainingMs: number, disks: number) {
    this.endMs = performance.now() + Math.max(SILENCE_MS, remainingMs * WHOLE_SHARE)
    this.#silenceMs = SILENCE_MS / disks
    this.#leastMs = LEAST_MS / disks
  }

  /** What listings may still be silent for. */
  get silenceMs(): number {
    return this.#silenceMs
  }

  /** What another reader may be silent for, so that both together cost no more than half a minute. */
  get readerMs(): number {
    return this.#silenceMs + this.#leastMs
  }

  spend(ms: number): void {
    this.#silenceMs = Math.max(0, this.#silenceMs - ms)
  }
}
