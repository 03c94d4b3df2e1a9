import type { IsolationTarget } from '../contract/isolation.ts'

/** Something that the guest is asked to reach. */
export interface Attempt {
  readonly target: IsolationTarget
  /** `frame` is a datagram in an Ethernet frame with a forged sender. */
  readonly kind: 'tcp' | 'name' | 'frame'
  /** An address, or a domain name; a link-local address has `%` behind it, for the guest's interface. */
  readonly address: string
  /** The TCP port; the UDP port of a frame; 53 for a name. */
  readonly port: number
  /** Whether the port is our own listener's. */
  readonly isOurs: boolean
}

/** What the guest said of an attempt. */
export type ProbeAnswer = 'reached' | 'refused' | 'blocked' | 'unable'
