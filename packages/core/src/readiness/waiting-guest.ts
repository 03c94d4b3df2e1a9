import type { Abilities } from '../contract/abilities.ts'
import type { Agent } from '../contract/agent.ts'
import type { ConsoleStream } from '../contract/console-ability.ts'
import type { GuestClues } from '../contract/guest-clues.ts'
import type { GuestEnd } from '../contract/guest-end.ts'
import type { InterfaceAddresses } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/** What is needed of a context to wait for its guest. */
export interface WaitingGuest {
  /** Aborts when the environment is deallocated. */
  readonly signal: AbortSignal
  readonly agent: Agent
  readonly console: {
    readonly tail: Buffer
    open(options?: WaitOptions): Promise<ConsoleStream>
  }
  readonly guestEnds: readonly GuestEnd[]
  readonly guestReboots: number
  readonly resources: {
    readonly abilities: Abilities
    readonly clues?: GuestClues
    readonly isReachable?: boolean
    readonly macAddress: string | undefined
  }
  state(options?: WaitOptions): Promise<DomainState>
  interfaceAddresses(): Promise<readonly InterfaceAddresses[]>
  waitForIp4Address(options: { readonly timeoutMs?: number; readonly signal?: AbortSignal }): Promise<string>
}
