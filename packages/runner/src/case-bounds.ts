import { processBoundsMs } from './process/process-bounds.ts'

/** How long the parts of a case may take, in milliseconds, where its caller does not say. */
export const caseBoundsMs = {
  /** Beside what is known: analyses of large disks and much memory take hours, and each tool has a bound of its own. */
  besides: 6 * 3_600_000,
  /** For a protocol to stop when it is interrupted: a transition must not be cut in two. */
  protocolGrace: 10_000,
  /** The same once the deadline is reached: the sandbox is being taken away meanwhile. */
  lateProtocolGrace: 2000,
  ...processBoundsMs,
} as const

/** How often a case may wait for its guest. */
export const CASE_WAITS = 4
