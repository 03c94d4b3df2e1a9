// Values: libvirt's public headers, whose names these are in lower camel case. Combine them with `|`.

/** virDomainDefineFlags */
export const DomainDefineFlags = { validate: 1 } as const

/** virDomainCreateFlags: for `create` and `domainCreateXML`. `autodestroy`: destroyed when the connection ends, a shared one with the last user. */
export const DomainCreateFlags = {
  paused: 1,
  autodestroy: 2,
  bypassCache: 4,
  forceBoot: 8,
  validate: 16,
  resetNvram: 32,
} as const

/** virDomainDestroyFlagsValues */
export const DomainDestroyFlags = { graceful: 1, removeLogs: 2 } as const

/** virDomainShutdownFlagValues; virDomainRebootFlagValues has the same values. */
export const DomainShutdownFlags = {
  acpiPowerBtn: 1,
  guestAgent: 2,
  initctl: 4,
  signal: 8,
  paravirt: 16,
} as const

/** virDomainUndefineFlagsValues */
export const DomainUndefineFlags = {
  managedSave: 1,
  snapshotsMetadata: 2,
  nvram: 4,
  keepNvram: 8,
  checkpointsMetadata: 16,
  tpm: 32,
  keepTpm: 64,
} as const

/** virDomainXMLFlags */
export const DomainXMLFlags = { secure: 1, inactive: 2, updateCpu: 4, migratable: 8 } as const

/** virDomainDeviceModifyFlags */
export const DomainDeviceModifyFlags = { current: 0, live: 1, config: 2, force: 4 } as const

/** virDomainCoreDumpFlags */
export const DomainCoreDumpFlags = { crash: 1, live: 2, bypassCache: 4, reset: 8, memoryOnly: 16 } as const

/** virDomainConsoleFlags */
export const DomainConsoleFlags = { force: 1, safe: 2 } as const

/** virDomainSnapshotCreateFlags */
export const SnapshotCreateFlags = {
  redefine: 1,
  current: 2,
  noMetadata: 4,
  halt: 8,
  diskOnly: 16,
  reuseExt: 32,
  quiesce: 64,
  atomic: 128,
  live: 256,
  validate: 512,
} as const

/** virDomainSnapshotDeleteFlags */
export const SnapshotDeleteFlags = { children: 1, metadataOnly: 2, childrenOnly: 4 } as const

/** virDomainSnapshotRevertFlags */
export const SnapshotRevertFlags = { running: 1, paused: 2, force: 4, resetNvram: 8 } as const

/** virNetworkDefineFlags and virNetworkCreateFlags */
export const NetworkDefineFlags = { validate: 1 } as const

/** virStoragePoolCreateFlags */
export const StoragePoolCreateFlags = {
  withBuild: 1,
  withBuildOverwrite: 2,
  withBuildNoOverwrite: 4,
} as const

/** virStoragePoolBuildFlags */
export const StoragePoolBuildFlags = { new: 0, repair: 1, resize: 2, noOverwrite: 4, overwrite: 8 } as const

/** virStoragePoolDeleteFlags */
export const StoragePoolDeleteFlags = { normal: 0, zeroed: 1 } as const

/** virStorageVolCreateFlags */
export const StorageVolumeCreateFlags = { preallocMetadata: 1, reflink: 2, validate: 4 } as const

/** virStorageVolDeleteFlags */
export const StorageVolumeDeleteFlags = { normal: 0, zeroed: 1, withSnapshots: 2 } as const
