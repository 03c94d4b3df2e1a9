import type { Logger } from '../common/logger.ts'

export interface BuildTemplateOptions {
  readonly signal: AbortSignal
  readonly logger: Logger
  /** How long the guest may take from its start until it is frozen. */
  readonly timeoutMs: number
  /** Called with what is being done. */
  readonly progress: (message: string) => void
}
