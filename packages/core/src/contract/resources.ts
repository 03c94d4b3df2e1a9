import type { z } from 'zod'
import type { Abilities } from './abilities.ts'
import type { EvidenceBounds } from './evidence-bounds.ts'
import type { EvidenceWarning } from './evidence-warning.ts'
import type { IsolationPlan } from './isolation.ts'
import type { GuestClues } from './guest-clues.ts'
import type { Journal } from '../common/journal.ts'
import type { Logger } from '../common/logger.ts'
import type { DomainState } from './transitions.ts'
import type { WaitOptions } from './wait-options.ts'

/** An address of a guest's interface, as the provider reports it. */
export interface InterfaceAddresses {
  readonly name: string
  readonly hwaddr?: string | undefined
  readonly addrs: readonly {
    readonly type: 'ipv4' | 'ipv6'
    readonly addr: string
    readonly prefix: number
  }[]
}

/**
 * What a context needs of a domain, in the words of libvirt's virDomain. Each method fails with the reason of its signal
 * when that aborts, and with an error of the provider, `HYPERVISOR_TIMEOUT` for one, when its time is over; the
 * hypervisor may still carry the request out, but a guest whose start was given up is stopped.
 */
export interface SandboxDomain {
  getState(options?: WaitOptions): Promise<{ readonly state: DomainState }>
  create(options?: WaitOptions): Promise<void>
  destroy(options?: WaitOptions): Promise<void>
  suspend(options?: WaitOptions): Promise<void>
  resume(options?: WaitOptions): Promise<void>
  /** Asks the guest to reboot. */
  reboot(options?: WaitOptions): Promise<void>
  /** Pulls the reset line. */
  reset(options?: WaitOptions): Promise<void>
  /** Asks the guest to shut down. */
  shutdown(options?: WaitOptions): Promise<void>
  /** Wakes a guest that suspended itself to RAM. */
  pmWakeup(options?: WaitOptions): Promise<void>
  interfaceAddresses(source: 'lease' | 'agent', options?: WaitOptions): Promise<readonly InterfaceAddresses[]>
}

export interface AllocateOptions {
  readonly signal: AbortSignal
}

export interface ResourcesParameters<Configuration> {
  readonly identifier: string
  readonly configuration: Configuration
  /** The folder against which the configuration's relative paths are resolved. */
  readonly folder: string
  readonly logger: Logger
  /** Where the sandbox records what outlives this process before it makes it: `new ReleaseStack(journal, 'name')`. */
  readonly journal?: Journal | undefined
}

/** Encapsulates a provider of sandboxes: allocates what one sandbox needs and takes it away again. */
export interface Resources {
  readonly hypervisor: unknown
  readonly domain: SandboxDomain
  readonly storagePool: unknown
  readonly network: unknown
  /** The address of the guest's first interface, in lower case with colons. */
  readonly macAddress: string | undefined
  /** Who knows the guest's addresses: the network's DHCP server, or, where there is none, only the guest itself. */
  readonly addressSource: 'lease' | 'agent'
  /** What it can do for hooks. Its members are there from the construction on, and work once it is allocated. */
  readonly abilities: Abilities
  /** False where connections of this host to the guest's address do not lead to the guest. */
  readonly isReachable?: boolean
  /** What its configuration says of the guest's isolation; undefined where that is not known. */
  isolationPlan?(): Promise<IsolationPlan | undefined>
  /** What it knows of a guest that does not get ready. */
  readonly clues?: GuestClues
  /** Makes everything; on failure, or when aborted, `deallocate` releases what exists by then. */
  allocate(options: AllocateOptions): Promise<void>
  /** Releases everything that exists; harmless when called twice. */
  deallocate(): Promise<void>
  /** What the sandbox's evidence lacks from the start, known once it is allocated; the environment warns of each. */
  readonly warnings?: readonly EvidenceWarning[]
  /** What its evidence may take; `defaultEvidenceBounds` when not given. */
  readonly evidenceBounds?: EvidenceBounds
}

/** A class of resources; its configuration is parsed with its schema before it is constructed. */
export interface ResourcesClass<Schema extends z.ZodType, R extends Resources> {
  readonly schema: Schema
  new (parameters: ResourcesParameters<z.output<Schema>>): R
}
