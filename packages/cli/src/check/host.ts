import type { InspectedHost } from '@see/core'

/** The host, as `see check` sees it: for the providers, and for hooks. */
export interface Host extends InspectedHost {
  /** Why no command can be confined; undefined when it can. */
  confinementProblem(signal: AbortSignal): Promise<string | undefined>
}
