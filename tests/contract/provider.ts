import type { ContextFactory, GuestEndReason } from '@see/core'

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
    /** Ends that nobody asks for. */
    readonly unasked: {
      readonly powerOff: string
      readonly reboot: string
      /** What `guest_ended` says when the guest powered itself off. */
      readonly poweredOff: { readonly reason: GuestEndReason }
      /** The process on this host that the guest ends with. */
      readonly process: (identifier: string) => number
      /** What `guest_ended` says when that is killed. */
      readonly killed: { readonly reason: GuestEndReason; readonly signal?: string | null }
    }
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
