import type { CallOptions, FlagOptions } from '../common/abort.ts'
import type { AddressType } from '../common/ip-address.ts'

// virDomainState, in its order.
export const domainStates = [
  'nostate',
  'running',
  'blocked',
  'paused',
  'shutdown',
  'shutoff',
  'crashed',
  'pmsuspended',
] as const

export type DomainState = (typeof domainStates)[number]

export interface DomainInfo {
  readonly state: DomainState
  readonly maxMemKiB: number
  readonly memoryKiB: number
  readonly nrVirtCpu: number
  readonly cpuTimeNs: bigint
}

/** Sizes of a disk's image. */
export interface BlockInfo {
  /** What the guest sees. */
  readonly capacityBytes: bigint
  /** How far the image was written. */
  readonly allocationBytes: bigint
  /** What the image takes on its host. */
  readonly physicalBytes: bigint
}

/** What went through a disk. */
export interface BlockStats {
  readonly readBytes: bigint
  readonly writtenBytes: bigint
}

/** What went through an interface, as the host sees it: it receives what the guest sends. */
export interface InterfaceStats {
  readonly receivedBytes: bigint
  readonly sentBytes: bigint
}

/** One of the guest's network interfaces. From the source 'agent', every byte of it is the guest's own word. */
export interface DomainInterface {
  readonly name: string
  readonly hwaddr?: string
  /** `prefix` in bits. */
  readonly addrs: { readonly type: AddressType; readonly addr: string; readonly prefix: number }[]
}

// virDomainInterfaceAddressesSource.
export const interfaceAddressesSources = { lease: 0, agent: 1, arp: 2 } as const
export type InterfaceAddressesSource = keyof typeof interfaceAddressesSources

// virDomainCoreDumpFormat.
export const coreDumpFormats = {
  raw: 0,
  'kdump-zlib': 1,
  'kdump-lzo': 2,
  'kdump-snappy': 3,
  'win-dmp': 4,
} as const

export interface CoreDumpOptions extends FlagOptions {
  /** Default raw. The kdump formats need the flag memoryOnly. */
  readonly format?: keyof typeof coreDumpFormats | undefined
}

// virKeycodeSet.
export const keycodeSets = {
  linux: 0,
  xt: 1,
  atset1: 2,
  atset2: 3,
  atset3: 4,
  osx: 5,
  xt_kbd: 6,
  usb: 7,
  win32: 8,
  qnum: 9,
} as const

export interface SendKeyOptions extends FlagOptions {
  /** Default linux. */
  readonly codeset?: keyof typeof keycodeSets | undefined
  /** How long the keys are held; default 0, libvirt's own default. */
  readonly holdTimeMs?: number | undefined
}

export interface ScreenshotOptions extends FlagOptions {
  /** Number of the screen; default 0. */
  readonly screen?: number | undefined
}

export interface ConsoleOptions extends FlagOptions {
  /** Alias of the console device; default the first. */
  readonly device?: string | undefined
}

export interface AgentCommandOptions extends CallOptions {
  /** -2 waits without end, -1 takes libvirt's default (5 s, the default here), 0 does not wait. */
  readonly timeoutSeconds?: number | undefined
}

export interface MonitorCommandOptions extends CallOptions {
  /** The command is in the words of QEMU's human monitor rather than JSON. */
  readonly hmp?: boolean | undefined
}

export interface DomainCapabilitiesOptions extends FlagOptions {
  /** Path of the emulator. */
  readonly emulator?: string | undefined
  readonly arch?: string | undefined
  readonly machine?: string | undefined
  /** `kvm`, `qemu`, `lxc`, … */
  readonly virtType?: string | undefined
}
