import type { GuestInterfaces } from '../contract/capture-ability.ts'
import type { GuestDisk, OtherGuestDisk } from '../contract/disk-ability.ts'
import type { SinkholeRequest } from '../contract/entry.ts'

/** What a program that is run in a simulated guest does. */
export interface SimulatedProgram {
  /** 0 when not given. */
  readonly exitCode?: number
  readonly stdout?: string | Uint8Array
  readonly stderr?: string | Uint8Array
}

/** What is in a simulated guest. */
export interface SimulatedGuest {
  /** Answers for the programs that are run; without it, each ends immediately with exit code 0. */
  readonly run?: (argv: readonly string[], stdin: Buffer) => SimulatedProgram | Promise<SimulatedProgram>
  /** Files that it has, by their paths. */
  readonly files?: Readonly<Record<string, string | Uint8Array>>
  readonly isWindows?: boolean
  /** What it says on its console once it is on. */
  readonly console?: string | Uint8Array
  /** Its screen, as an image; one black pixel when not given. */
  readonly screen?: Uint8Array
  /** What `coreDump` finds in its memory. */
  readonly memory?: string
  /** Its disk; one of no bytes, whose image there is not, when not given. */
  readonly disk?: GuestDisk
  /** Its further disks; none when not given. */
  readonly otherDisks?: readonly OtherGuestDisk[]
  /** The packets of its network, a pcap file; none when not given. */
  readonly packets?: Uint8Array
  /** Devices of this host that others capture on, in place of a capture by the provider. */
  readonly interfaces?: GuestInterfaces
  /** What it asks of a sinkhole; its network ends in none when not given. */
  readonly requests?: readonly SinkholeRequest[]
  /** The port of its VNC server while it is on; 5900 when not given. */
  readonly vncPort?: number
}
