import type { IsolationTarget } from '../contract/isolation.ts'

/** Something that the guest is asked to reach. */
export interface Attempt {
  readonly target: IsolationTarget
  readonly kind: 'tcp' | 'name'
  /** An address, or a domain name. */
  readonly address: string
  /** The TCP port; 53 for a name. */
  readonly port: number
  /** Whether the port is our own listener's. */
  readonly isOurs: boolean
}

/** What the guest said of an attempt. */
export type ProbeAnswer = 'reached' | 'refused' | 'blocked' | 'unable'
