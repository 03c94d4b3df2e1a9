export type { CallOptions, FlagOptions } from './abort.ts'
export { LibvirtConnectionError, type ConnectionErrorCode } from './connection-error.ts'
export { Domain } from './domain.ts'
export type {
  AgentCommandOptions,
  ConsoleOptions,
  CoreDumpOptions,
  DomainCapabilitiesOptions,
  DomainInfo,
  DomainInterface,
  DomainState,
  InterfaceAddressesSource,
  MonitorCommandOptions,
  ScreenshotOptions,
  SendKeyOptions,
} from './domain-types.ts'
export type {
  DomainAgentLifecycleEvent,
  DomainDeviceEvent,
  DomainEvent,
  DomainLifecycleEvent,
  HypervisorEvents,
  NetworkLifecycleEvent,
  StoragePoolLifecycleEvent,
} from './event-kinds.ts'
export type { EventTarget } from './event-registration.ts'
export type { EventRegistration } from './event-router.ts'
export {
  DomainConsoleFlags,
  DomainCoreDumpFlags,
  DomainCreateFlags,
  DomainDefineFlags,
  DomainDestroyFlags,
  DomainDeviceModifyFlags,
  DomainShutdownFlags,
  DomainUndefineFlags,
  DomainXMLFlags,
  NetworkDefineFlags,
  SnapshotCreateFlags,
  SnapshotDeleteFlags,
  SnapshotRevertFlags,
  StoragePoolBuildFlags,
  StoragePoolCreateFlags,
  StoragePoolDeleteFlags,
  StorageVolumeCreateFlags,
  StorageVolumeDeleteFlags,
} from './flags.ts'
export { Hypervisor } from './hypervisor.ts'
export type { AddressType } from './ip-address.ts'
export type { HypervisorOptions } from './link.ts'
export type { KeepaliveOptions } from './keepalive.ts'
export { isLibvirtError, LibvirtError, type ErrorCode, type ErrorDomain } from './libvirt-error.ts'
export { Network, type DHCPLease, type DHCPLeasesOptions } from './network.ts'
export type {
  ArgsOf,
  CallName,
  ResultOf,
  StreamArgsOf,
  StreamName,
  StreamResultOf,
} from './procedure-types.ts'
export { Snapshot } from './snapshot.ts'
export { StoragePool, type StoragePoolInfo } from './storage-pool.ts'
export { StorageVolume, type RangeOptions, type StorageVolumeInfo } from './storage-volume.ts'
export type { Version } from './version.ts'
export { XdrError } from './xdr.ts'
export { timeoutSignal } from './timeout-signal.ts'
export { formatUuid, parseUuid } from './uuid.ts'
