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

export interface DomainEvent {
  readonly domain: Domain
}

/** `type` is 'unknown' where the daemon is newer than this client. `detail` is libvirt's number for the reason. */
export interface DomainLifecycleEvent extends DomainEvent {
  readonly type: Named<typeof domainLifecycleTypes> | 'unknown'
  readonly detail: number
}

export interface DomainAgentLifecycleEvent extends DomainEvent {
  readonly state: Named<typeof agentLifecycleStates>
  readonly reason: number
}

export interface DomainDeviceEvent extends DomainEvent {
  /** The alias of the device in the domain's XML. */
  readonly device: string
}

export interface NetworkLifecycleEvent {
  readonly network: Network
  readonly type: Named<typeof networkLifecycleTypes> | 'unknown'
  readonly detail: number
}

export interface StoragePoolLifecycleEvent {
  readonly storagePool: StoragePool
  readonly type: Named<typeof storagePoolLifecycleTypes> | 'unknown'
  readonly detail: number
}

/** The kinds of events that `Hypervisor.on` knows, and what their handlers are given. */
export interface HypervisorEvents {
  domainLifecycle: DomainLifecycleEvent
  domainReboot: DomainEvent
  domainPMWakeup: DomainEvent
  domainPMSuspend: DomainEvent
  domainDeviceAdded: DomainDeviceEvent
  domainDeviceRemoved: DomainDeviceEvent
  domainAgentLifecycle: DomainAgentLifecycleEvent
  networkLifecycle: NetworkLifecycleEvent
  storagePoolLifecycle: StoragePoolLifecycleEvent
}
