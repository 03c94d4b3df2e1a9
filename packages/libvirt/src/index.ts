export type { CallOptions, FlagOptions } from './common/abort.ts'
export { LibvirtConnectionError, type ConnectionErrorCode } from './common/connection-error.ts'
export { Domain } from './objects/domain.ts'
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
} from './protocol/domain-types.ts'
export type {
  DomainAgentLifecycleEvent,
  DomainDeviceEvent,
  DomainEvent,
  DomainLifecycleEvent,
  HypervisorEvents,
  NetworkLifecycleEvent,
  StoragePoolLifecycleEvent,
} from './objects/event-kinds.ts'
export type { EventTarget } from './rpc/event-registration.ts'
export type { EventRegistration } from './rpc/event-router.ts'
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
} from './protocol/flags.ts'
export { Hypervisor } from './objects/hypervisor.ts'
export type { AddressType } from './common/ip-address.ts'
export type { HypervisorOptions } from './connections/link.ts'
export type { KeepaliveOptions } from './rpc/keepalive.ts'
export { isLibvirtError, LibvirtError, type ErrorCode, type ErrorDomain } from './protocol/libvirt-error.ts'
export { Network, type DHCPLease, type DHCPLeasesOptions } from './objects/network.ts'
export type {
  ArgsOf,
  CallName,
  ResultOf,
  StreamArgsOf,
  StreamName,
  StreamResultOf,
} from './protocol/procedure-types.ts'
export { Snapshot } from './objects/snapshot.ts'
export { StoragePool, type StoragePoolInfo } from './objects/storage-pool.ts'
export { StorageVolume, type RangeOptions, type StorageVolumeInfo } from './objects/storage-volume.ts'
export type { Version } from './common/version.ts'
export { XdrError } from './protocol/xdr.ts'
export { timeoutSignal } from './common/timeout-signal.ts'
export { formatUuid, parseUuid } from './common/uuid.ts'
