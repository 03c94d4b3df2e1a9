import { z } from 'zod'

/** What a guest may be isolated from. */
export const isolationTargets = {
  internet: 'the Internet',
  host: 'this host',
  lan: 'the local network of this host',
  metadata: 'metadata services',
  dns: 'name servers',
  ipv6: 'this host by IPv6',
} as const

export type IsolationTarget = keyof typeof isolationTargets

/** `sunk`: it is answered inside of SEE, so that a guest’s word does not tell it from the real thing. */
export type IsolationExpectation = 'allowed' | 'forbidden' | 'sunk'

/** What the configuration of a sandbox says of its isolation. */
export interface IsolationPlan {
  /** The network's mode. */
  readonly mode: string
  readonly expected: Readonly<Record<IsolationTarget, IsolationExpectation>>
  /** The addresses by which the guest might reach this host, beside those of the host's interfaces. */
  readonly hostAddresses: readonly string[]
  /** Whether a case verifies it before its sample is run. */
  readonly verify: boolean
}

/** The key `isolation` of resources files. */
export const isolationSchema = z.strictObject({
  verify: z
    .boolean()
    .default(false)
    .describe(
      'Whether a probe in the guest tries, before the sample is run, what the network forbids; where it gets through, the sample is not run. Its packets are in a trace of the network.',
    ),
})
