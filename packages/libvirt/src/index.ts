export type { CallOptions, FlagOptions, SignalOptions } from './common/abort.ts'
export { LibvirtConnectionError, type ConnectionErrorCode } from './common/connection-error.ts'
export type {
  AgentCommandOptions,
  ConsoleOptions,
  CoreDumpOptions,
  DomainCapabilitiesOptions,
  BlockInfo,
  BlockStats,
  DomainInfo,
  DomainInterface,
  DomainState,
  InterfaceAddressesSource,
  InterfaceStats,
  MonitorCommandOptions,
  ScreenshotOptions,
  SendKeyOptions,
} from './protocol/domain-types.ts'
export {
  Domain,
  Network,
  Snapshot,
  StoragePool,
  StorageVolume,
  type DomainAgentLifecycleEvent,
  type DomainDeviceEvent,
  type DomainEvent,
  type DomainLifecycleEvent,
  type HypervisorEvents,
  type NetworkLifecycleEvent,
  type StoragePoolLifecycleEvent,
} from './objects/hypervisor-objects.ts'
export type { EventTarget } from './objects/event-target.ts'
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
export type { DHCPLease, DHCPLeasesOptions } from './objects/network.ts'
export type {
  ArgsOf,
  CallName,
  ResultOf,
  StreamArgsOf,
  StreamName,
  StreamResultOf,
} from './protocol/procedure-types.ts'
export type { StoragePoolInfo } from './objects/storage-pool.ts'
export type { RangeOptions, StorageVolumeInfo } from './objects/storage-volume.ts'
export type { Version } from './common/version.ts'
export { XdrError } from './protocol/xdr.ts'
export { timeoutSignal } from './common/timeout-signal.ts'
export { formatUuid, parseUuid } from './common/uuid.ts'
