import type { GuestEnd } from '../contract/guest-end.ts'
import type { InterfaceAddresses } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { ReadySource } from './ready-options.ts'

/** An event of the past. */
export interface PastEvent {
  readonly name: string
  readonly origin: string
  /** When it was fired, in milliseconds since the epoch. */
  readonly timestamp: number
}

/** Why a guest is not ready, so far as that shows. Texts of the guest are as it wrote them: quote them. */
export interface Diagnosis {
  /** The likely cause, in one line. */
  readonly cause: string
  /** What was waited for. */
  readonly waitedFor: readonly ReadySource[]
  readonly afterMs: number
  /** Undefined when the provider did not say in time. */
  readonly state: DomainState | undefined
  readonly ends: readonly GuestEnd[]
  readonly reboots: number
  /** Undefined where there is no agent to ask. */
  readonly agentAnswers: boolean | undefined
  /** What the provider says of the addresses of the guest's interfaces. */
  readonly addresses: readonly InterfaceAddresses[]
  /** The end of what the guest wrote on its console, 16 KiB at most; undefined when nothing read it. */
  readonly console: string | undefined
  /** The text on its screen; undefined when that shows no text, or cannot be read. */
  readonly screenText: string | undefined
  /** A picture of its screen. */
  readonly screenshot: Buffer | undefined
  /** The end of what the hypervisor wrote on its standard error. */
  readonly hypervisorErrors: string | undefined
  /** The last events before, oldest first. */
  readonly events: readonly PastEvent[]
}

/** What a cause is read from. */
export type Findings = Omit<Diagnosis, 'cause' | 'screenshot'>
