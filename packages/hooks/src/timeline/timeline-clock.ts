/** When something was, by both clocks, as lines of a timeline have it. */
interface Moment {
  /** Milliseconds since the epoch. */
  readonly timestamp: number
  /** Milliseconds since the clock was made. */
  readonly t: number
}

interface TimelineClock {
  readonly start: {
    /** Milliseconds since the epoch. */
    readonly timestamp: number
    /** Milliseconds of the host's monotonic clock. */
    readonly monotonic: number
  }
  readonly now: () => Moment
}

/** A clock that counts from now; a host's wall clock may be set while it runs. */
export function timelineClock(): TimelineClock {
  const start = process.hrtime.bigint()
  const since = (): number => Number((process.hrtime.bigint() - start) / 1000n) / 1000
  return {
    start: { timestamp: Date.now(), monotonic: Number(start / 1000n) / 1000 },
    now: () => ({ timestamp: Date.now(), t: since() }),
  }
}
