import type { LimitName, LimitReached } from '../../contract/limit-reached.ts'
import type { Gauge } from './limit-watch.ts'

/** What is measured is as much as was let through: of a guest that waits, a little less than the bound. */
const NEARLY = 0.9
/** A guest that writes all the time is one event a minute. */
const QUIET_MS = 60_000
const MIB = 1024 * 1024

interface BoundedRate {
  readonly limit: Extract<LimitName, `${string}_per_second`>
  /** MiB a second. */
  readonly bound: number
  /** What goes that fast, for people. */
  readonly what: string
  /** How many bytes there were until now; undefined where that cannot be said. */
  readonly bytes: () => Promise<number | undefined>
  readonly reached: (reached: LimitReached) => void
}

/** Puts on record that a guest reached the rate that QEMU or the kernel lets through, and waited. */
export function rateGauge({ limit, bound, what, bytes, reached }: BoundedRate): Gauge {
  let before: { readonly bytes: number; readonly at: number } | undefined
  let quietUntil = 0
  return {
    limit,
    measure: async () => {
      const now = await bytes()
      const last = before
      if (now === undefined) return undefined
      before = { bytes: now, at: performance.now() }
      // The counter of a hypervisor that was started again begins at zero.
      if (last === undefined || now < last.bytes) return undefined
      return (now - last.bytes) / MIB / ((before.at - last.at) / 1000)
    },
    isReached: (rate) => rate >= NEARLY * bound && performance.now() >= quietUntil,
    reached: async (rate) => {
      quietUntil = performance.now() + QUIET_MS
      const detail = `${what} reached limits.${limit}, ${bound} MiB a second, and the guest waited for the rest`
      reached({ limit, bound, measured: Math.round(rate * 10) / 10, action: 'delayed', detail })
    },
  }
}
