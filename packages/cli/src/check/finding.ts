import type { Ability, Finding } from '@see/core'

export interface ProviderFindings {
  readonly provider: string
  readonly ready: boolean
  /** What its sandboxes can do for hooks. */
  readonly abilities: readonly Ability[]
  readonly findings: readonly Finding[]
}

/** What the stock hooks need beside a provider. */
export interface HookFindings {
  /** The command that installs every program that is missing; null when none is. */
  readonly install: string | null
  /** One of each hook that runs programs of this host. */
  readonly findings: readonly Finding[]
}
