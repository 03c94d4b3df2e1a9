import type { ResultOf } from './procedure-types.ts'

// What the daemon identifies an object by, as on the wire.

export type DomainHandle = ResultOf<'DOMAIN_LOOKUP_BY_NAME'>['dom']
export type SnapshotHandle = ResultOf<'DOMAIN_SNAPSHOT_LOOKUP_BY_NAME'>['snap']
export type NetworkHandle = ResultOf<'NETWORK_LOOKUP_BY_NAME'>['net']
export type StoragePoolHandle = ResultOf<'STORAGE_POOL_LOOKUP_BY_NAME'>['pool']
export type StorageVolumeHandle = ResultOf<'STORAGE_VOL_LOOKUP_BY_PATH'>['vol']
