import type { Daemon } from './daemon.ts'
import type { Domain } from './domain.ts'
import type { Network } from './network.ts'
import type { StoragePool } from './storage-pool.ts'

type Named<T extends readonly string[]> = T[number]

// Facts: the enums virDomainEventType, virNetworkEventLifecycleType, virStoragePoolEventLifecycleType, in their order.
export const domainLifecycleTypes = [
  'defined',
  'undefined',
  'started',
  'suspended',
  'resumed',
  'stopped',
  'shutdown',
  'pmsuspended',
  'crashed',
] as const
export const networkLifecycleTypes = ['defined', 'undefined', 'started', 'stopped'] as const
export const storagePoolLifecycleTypes = [
  'defined',
  'undefined',
  'started',
  'stopped',
  'created',
  'deleted',
] as const
export const agentLifecycleStates = ['unknown', 'connected', 'disconnected'] as const

export interface DomainEvent<H extends Daemon = Daemon> {
  readonly domain: Domain<H>
}

/** `type` is 'unknown' where the daemon is newer than this client. `detail` is libvirt's number for the reason. */
export interface DomainLifecycleEvent<H extends Daemon = Daemon> extends DomainEvent<H> {
  readonly type: Named<typeof domainLifecycleTypes> | 'unknown'
  readonly detail: number
}

export interface DomainAgentLifecycleEvent<H extends Daemon = Daemon> extends DomainEvent<H> {
  readonly state: Named<typeof agentLifecycleStates>
  readonly reason: number
}

export interface DomainDeviceEvent<H extends Daemon = Daemon> extends DomainEvent<H> {
  /** The alias of the device in the domain's XML. */
  readonly device: string
}

export interface NetworkLifecycleEvent<H extends Daemon = Daemon> {
  readonly network: Network<H>
  readonly type: Named<typeof networkLifecycleTypes> | 'unknown'
  readonly detail: number
}

export interface StoragePoolLifecycleEvent<H extends Daemon = Daemon> {
  readonly storagePool: StoragePool<H>
  readonly type: Named<typeof storagePoolLifecycleTypes> | 'unknown'
  readonly detail: number
}

/** The kinds of events that `Hypervisor.on` knows, and what their handlers are given. */
export interface HypervisorEvents<H extends Daemon = Daemon> {
  domainLifecycle: DomainLifecycleEvent<H>
  domainReboot: DomainEvent<H>
  domainPMWakeup: DomainEvent<H>
  domainPMSuspend: DomainEvent<H>
  domainDeviceAdded: DomainDeviceEvent<H>
  domainDeviceRemoved: DomainDeviceEvent<H>
  domainAgentLifecycle: DomainAgentLifecycleEvent<H>
  networkLifecycle: NetworkLifecycleEvent<H>
  storagePoolLifecycle: StoragePoolLifecycleEvent<H>
}
