import type { ContextFactory } from '@see/core'

/** What a provider's sandboxes can do beyond what all must; each has its stock hook. */
export type Ability = 'screen' | 'memory' | 'disk' | 'console' | 'trace'

/** A provider with a guest of which the contract knows how to make it do things. Scripts are run by its shell. */
export interface Provider {
  readonly name: string
  readonly factory: ContextFactory
  readonly abilities: ReadonlySet<Ability>
  readonly guest: {
    /** Prints what is another after each boot. */
    readonly bootMark: string
    /** A device of the guest that is its console. */
    readonly console: string
    /** From now on the guest ignores that it is asked to shut down; some seconds later it does so by itself. */
    readonly stubborn: string
    /** Crashes the guest once the script has ended; missing where there is no such state. */
    readonly crash?: string
    /** Suspends the guest to RAM once the script has ended; missing where there is no such state. */
    readonly sleep?: string
  }
  /** Everything on this host that is there of an environment. */
  readonly leftOf: (identifier: string) => Promise<string[]>
}

/** One whose sandboxes are made from a file; disposed of, that is gone. */
export interface FileProvider extends Provider, Disposable {
  /** The path of the resources file. */
  readonly resources: string
}

/** A boot on a machine with other work. */
export const GUEST_MS = 90_000
