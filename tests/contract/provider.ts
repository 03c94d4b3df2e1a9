import { type Ability, type ContextFactory, type GuestEndReason, registeredProviders } from '@see/core'

/** A provider with a guest of which the contract knows how to make it do things. Scripts are run by its shell. */
export interface Provider {
  readonly name: string
  readonly factory: ContextFactory
  /** As the list of providers has them. */
  readonly abilities: ReadonlySet<Ability>
  readonly guest: {
    /** Prints what is another after each boot. */
    readonly bootMark: string
    /** A device of the guest that is its console. */
    readonly console: string
    /** From now on the guest ignores requests to shut down; some seconds later it shuts down on its own. */
    readonly stubborn: string
    /** Crashes the guest once the script has ended; missing where there is no such state. */
    readonly crash?: string
    /** Suspends the guest to RAM once the script has ended; missing where there is no such state. */
    readonly sleep?: string
    /** Ends without a request. */
    readonly unasked: {
      readonly powerOff: string
      readonly reboot: string
      /** What `domain_stopped` says when the guest powered itself off. */
      readonly poweredOff: { readonly reason: GuestEndReason }
      /** The process on this host that the guest ends with. */
      readonly process: (identifier: string) => number
      /** What `domain_stopped` says when that is killed. */
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

/** What a provider can do, by its name in the list of providers. */
export function abilitiesOf(name: string): ReadonlySet<Ability> {
  const provider = registeredProviders().find((each) => each.name === name)
  if (provider === undefined) throw new Error(`no provider is called ${name}`)
  return new Set(provider.abilities)
}
