import type { Logger } from '../common/logger.ts'

export interface PrepareOptions {
  /** Kernel and initial RAM disk of the guest that installs: `vmlinuz` and `prepare.initrd` of the tiny guest's folder. */
  readonly kernel: string
  readonly initrd: string
  /** Bound of all that the guest does. */
  readonly timeoutMs: number
  readonly logger: Logger
  readonly signal: AbortSignal
  /** Shows what is being done. */
  readonly progress: (message: string) => void
}
