import { Domain as DomainOf } from './domain.ts'
import type * as kinds from './event-kinds.ts'
import type { Hypervisor } from './hypervisor.ts'
import { Network as NetworkOf } from './network.ts'
import { Snapshot as SnapshotOf } from './snapshot.ts'
import { StoragePool as StoragePoolOf } from './storage-pool.ts'
import { StorageVolume as StorageVolumeOf } from './storage-volume.ts'

// The public names of the objects and events. Their `hypervisor` is a Hypervisor; the classes behind them require only a
// Daemon, so that they do not import the class that makes them.

/** libvirt's virDomain: a machine, running or not. */
export const Domain = DomainOf<Hypervisor>
export type Domain = DomainOf<Hypervisor>
/** libvirt's virDomainSnapshot. */
export const Snapshot = SnapshotOf<Domain>
export type Snapshot = SnapshotOf<Domain>
/** libvirt's virNetwork. */
export const Network = NetworkOf<Hypervisor>
export type Network = NetworkOf<Hypervisor>
/** libvirt's virStoragePool. */
export const StoragePool = StoragePoolOf<Hypervisor>
export type StoragePool = StoragePoolOf<Hypervisor>
/** libvirt's virStorageVol. */
export const StorageVolume = StorageVolumeOf<Hypervisor>
export type StorageVolume = StorageVolumeOf<Hypervisor>

export type DomainEvent = kinds.DomainEvent<Hypervisor>
export type DomainLifecycleEvent = kinds.DomainLifecycleEvent<Hypervisor>
export type DomainAgentLifecycleEvent = kinds.DomainAgentLifecycleEvent<Hypervisor>
export type DomainDeviceEvent = kinds.DomainDeviceEvent<Hypervisor>
export type NetworkLifecycleEvent = kinds.NetworkLifecycleEvent<Hypervisor>
export type StoragePoolLifecycleEvent = kinds.StoragePoolLifecycleEvent<Hypervisor>
/** The kinds of events that `Hypervisor.on` knows, and what their handlers are given. */
export type HypervisorEvents = kinds.HypervisorEvents<Hypervisor>
