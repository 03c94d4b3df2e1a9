import type { Readable } from 'node:stream'
import type { SinkholeListener } from './entry.ts'

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

/** Reports what a guest asks of its network. */
export interface RequestSource {
  /** Calls the listener with each request from now on. Returns what ends that. */
  listen(listener: SinkholeListener): () => void
}

/** The guest's interfaces on this host, for tcpdump. */
export interface InterfacesWatch {
  /**
   * Calls the listener with the devices of the guest's interfaces: before this resolves if the guest is on, and from
   * then on each time new ones appear, in time to capture the first packet. Returns what ends that; undefined when the
   * guest has no interface.
   */
  watch(listener: InterfacesListener): Promise<(() => void) | undefined>
}

/** Captures the guest's packets: the provider does, or `interfaces` names the devices on which tcpdump can, or both. */
export interface CaptureAbility {
  /**
   * Captures every packet from now on, of a guest that is off from its power-on, by the provider's own means; undefined
   * when the guest has no network, or only one that `interfaces` has.
   */
  start(options: CaptureOptions): Promise<PacketCapture | undefined>
  /** Undefined where the provider captures all packets itself. */
  readonly interfaces?: InterfacesWatch | undefined
  /** What the guest's network ends in, where that is a sinkhole. */
  readonly sinkhole?: RequestSource | undefined
}
