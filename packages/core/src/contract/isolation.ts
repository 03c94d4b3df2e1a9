import { z } from 'zod'

/** What a guest may be isolated from. */
export const isolationTargets = {
  internet: 'the Internet',
  host: 'this host',
  lan: 'the local network of this host',
  metadata: 'metadata services',
  dns: 'name servers',
  ipv6: 'IPv6',
  raw: 'this host by frames with a forged sender',
  neighbours: 'other guests of its network',
  allowed: 'what its network allows by name or address',
} as const

export type IsolationTarget = keyof typeof isolationTargets

/** `sunk`: it is answered inside of SEE, so that a guest’s word does not tell it from the real thing. */
export type IsolationExpectation = 'allowed' | 'forbidden' | 'sunk'

/** The targets that depend on the mode of the network. */
type ModeTarget = Exclude<IsolationTarget, 'raw' | 'neighbours' | 'allowed'>

/** Something that a network allows one by one. */
export interface AllowedPlace {
  /** Where the guest finds it. */
  readonly address: string
  readonly port: number
  /** Where it leads to. */
  readonly to: { readonly host: string; readonly port: number }
}

/** What the configuration of a sandbox says of its isolation. */
export interface IsolationPlan {
  /** The network's mode. */
  readonly mode: string
  /** Frames with a forged sender are expected to reach this host where it may be reached at all. */
  readonly expected: Readonly<Record<ModeTarget, IsolationExpectation>>
  /** False where the guest has no network interface, so that there is nothing to try. */
  readonly hasInterface: boolean
  /** Whether the mode counts an address as one of the local network, and not of the Internet. */
  readonly isLocal: (address: string) => boolean
  /** The addresses by which the guest might reach this host, beside those of the host's interfaces. */
  readonly hostAddresses: readonly string[]
  /** What must be reached, provided that this host reaches it. */
  readonly allowed: readonly AllowedPlace[]
  /** The addresses of other guests on the same network. */
  readonly neighbours: readonly string[]
  /** Whether a case verifies it before its sample is run. */
  readonly verify: boolean
}

/** The key `isolation` of resources files. */
export const isolationSchema = z.strictObject({
  verify: z
    .boolean()
    .default(true)
    .describe(
      'Whether `npx see run` has a probe in the guest try what the network forbids and allows before a sample or command is run; where it gets through, nothing is run. A guest that cannot run the probe is `unprobed` in the receipt.',
    ),
})
