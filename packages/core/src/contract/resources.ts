import type { Readable } from 'node:stream'
import type { z } from 'zod'
import type { Agent } from './agent.ts'
import type { ImageLayer } from './block-node.ts'
import type { EvidenceWarning } from './evidence-warning.ts'
import type { GuestListener } from './guest-end.ts'
import type { Logger } from '../common/logger.ts'
import type { SinkholeListener } from './entry.ts'
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

/** The image of a guest's screen. The data comes from the guest: whoever reads it bounds it. */
export interface Screenshot {
  readonly mimeType: string
  readonly data: AsyncIterable<Uint8Array>
}

/** What the guest writes to its console. Whoever reads it bounds it, and destroys it to let go. */
export interface ConsoleStream extends AsyncIterable<Uint8Array> {
  destroy(): unknown
}

/** The device of this host through which all packets of one of a guest's interfaces pass, and nothing else. */
export interface CapturePoint {
  readonly device: string
  /** Whether the guest may have run before its device could be found. */
  readonly isLate: boolean
  /** Packets that the guest has sent so far, as the kernel counts them. */
  readonly packetsSent: () => number
  /** Set on a network shared with other guests: which broadcasts of the host are meant for this guest. */
  readonly shared?: {
    /** The guest's MAC address. */
    readonly macAddress: string
    /** The guest's IPv4 address. */
    readonly address: string
    /** The host's MAC address on the network. */
    readonly hostMacAddress: string
  }
}

/** One of a guest's interfaces that cannot be captured. */
export interface UntraceableInterface {
  /** Which interface, such as `interface 2 (user, 52:54:00:01:02:03)`. */
  readonly what: string
  readonly why: string
}

/** What is known of a guest's interfaces once its devices exist. */
export interface GuestInterfaces {
  readonly points: readonly CapturePoint[]
  readonly untraceable: readonly UntraceableInterface[]
}

/** Must not throw. */
export type InterfacesListener = (interfaces: GuestInterfaces) => Promise<void>

export interface CaptureOptions {
  /** Bytes that are kept of each packet. */
  readonly snapLength: number
}

/** Packets as the provider itself captures them. */
export interface PacketCapture {
  /** Whether the guest had run before, so that packets of it may be missing. */
  readonly beganLate: boolean
  /** Why packets were lost; undefined as long as none were. */
  readonly loss: string | undefined
  /** A pcap file, packet by packet. Destroy it when no more is wanted. */
  readonly packets: Readable
  /** Ends it: what was captured by then is in the stream, which ends. */
  stop(): Promise<void>
}

/** Tells what a guest asks of its network. */
export interface RequestSource {
  /** Calls the listener with each request from now on. Returns what ends that. */
  listen(listener: SinkholeListener): () => void
}

/** Where a guest's VNC server listens on this host. */
export interface VncServer {
  readonly host: string
  /** The TCP port; undefined while the guest is off. */
  readonly port: number | undefined
}

/** The disk that a guest was given: a clone of an image, which nobody writes. */
export interface GuestDisk {
  /** What the disk was cloned from. */
  readonly image: ImageLayer
  /**
   * Reads the file of the clone, a qcow2 image, which may be backed by the image and by nothing else. It is consistent
   * while the guest is paused or off. Destroy the stream if it is not read to its end.
   */
  read(options: { readonly signal: AbortSignal }): Promise<Readable>
}

/** A disk of the guest beside its first, of which the environment has a clone as well. */
export interface OtherGuestDisk extends GuestDisk {
  /** The name that the domain's XML gives it, such as `vdb`; no other disk of the guest has it. */
  readonly target: string
}

export interface CoreDumpOptions extends WaitOptions {
  /** `raw` is an ELF file when the flag memoryOnly is set. */
  readonly format: 'raw' | 'kdump-zlib'
  readonly flags: number
}

/**
 * What a context needs of a domain, in the words of libvirt's virDomain. Each method fails with the reason of its signal
 * when that aborts, and with an error of the provider, `HYPERVISOR_TIMEOUT` for one, when its time is over; what the
 * hypervisor was told it may carry out all the same, but a guest whose start was given up is stopped.
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
  screenshot?(options?: WaitOptions): Promise<Screenshot>
  /** Opens the first console of a running guest, of which there can be one reader. The signal ends an open one as well. */
  openConsole?(options?: WaitOptions): Promise<ConsoleStream>
  /** Writes the guest's memory to a file, or into a named pipe, of the provider's host; `flags` are virDomainCoreDumpFlags. */
  coreDump?(path: string, options: CoreDumpOptions): Promise<void>
}

/** Sends one command to the guest agent and returns its reply, both JSON. */
export interface AgentChannel {
  agentCommand(command: string, options: { readonly timeoutSeconds: number }): Promise<string>
}

/** A disk attached to a running guest. */
export interface AttachedDisk {
  /** The serial number by which the guest finds it. */
  readonly serial: string
  /** Size in bytes of the content; the disk itself is padded with zeroes to whole sectors. */
  readonly contentBytes: number
  detach(): Promise<void>
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
  /** The provider's own way of running programs in the guest; without it, a QEMU guest agent at `agentChannel`. */
  readonly agent?: Agent | undefined
  /** Undefined when the sandbox has no channel to a QEMU guest agent. */
  readonly agentChannel?: AgentChannel | undefined
  /** Makes everything; on failure, or when aborted, `deallocate` releases what exists by then. */
  allocate(options: AllocateOptions): Promise<void>
  /** Releases everything that exists; harmless when called twice. */
  deallocate(): Promise<void>
  /** What the sandbox's evidence lacks from the start, known once it is allocated; the environment warns of each. */
  readonly warnings?: readonly EvidenceWarning[]
  /**
   * Calls `listener`, from now on and in place of an earlier one, when the guest ends or reboots without having been
   * asked to through `domain`.
   */
  watchGuest?(listener: GuestListener): void
  /** Plugs a read-only disk with the file's bytes into the running guest. */
  attachFile?(path: string): Promise<AttachedDisk>
  /**
   * Calls the listener with the devices of the guest's interfaces: before this resolves if the guest is on, and from
   * then on each time new ones appear, in time to capture the first packet. Returns what ends that; undefined when the
   * guest has no interface.
   */
  watchInterfaces?(listener: InterfacesListener): Promise<(() => void) | undefined>
  /**
   * Captures every packet from now on, of a guest that is off from its power-on, by the provider's own means; undefined
   * when the guest has no network. Where there is no such method, `watchInterfaces` says where others can.
   */
  capture?(options: CaptureOptions): Promise<PacketCapture | undefined>
  /** What a guest's network ends in, where that is a sinkhole. */
  readonly sinkhole?: RequestSource | undefined
  /** Whether the domain has a screen that `screenshot` can capture; it has where there is no such method. */
  hasScreen?(): Promise<boolean>
  /** Whether the domain has a console that `openConsole` can open. */
  hasConsole?(): Promise<boolean>
  /** Undefined when the configuration names none, so that the guest's disks are the user's own. */
  guestDisk?(): Promise<GuestDisk | undefined>
  /** The clones beside the first disk; there are none where there is no such method. */
  otherGuestDisks?(): Promise<readonly OtherGuestDisk[]>
  /** Undefined when the domain has none. */
  vncServer?(): Promise<VncServer | undefined>
}

/** A class of resources; its configuration is parsed with its schema before it is constructed. */
export interface ResourcesClass<Schema extends z.ZodType, R extends Resources> {
  readonly schema: Schema
  new (parameters: ResourcesParameters<z.output<Schema>>): R
}
