import type { CapturePoint } from '@see/core'
import type { PacketSource } from './packet-source.ts'
import { TetheredProcess } from '../processes/tethered-process.ts'

/** KiB that the kernel keeps for us while this process is busy with something else. */
const KERNEL_BUFFER_KIB = 16_384

/** What one tcpdump captures on a device. */
export interface TcpdumpTarget {
  readonly point: CapturePoint
  /** From the host's point of view: `in` is what the guest sends; everything when undefined. */
  readonly direction: 'in' | 'out' | undefined
  /** In the language of pcap-filter(7); everything when empty. */
  readonly filter: string
}

/**
 * How the packets of a device are captured: by one tcpdump, or by two, one for each way, where packets that the guest had
 * sent before are counted, and on a network shared with other guests. There the host's broadcasts for the others also
 * arrive: only questions for the guest's address and DHCP answers with its MAC address are taken of those. A filter
 * cannot match the direction: with "inbound" in it, libpcap 1.10 loses the first packet.
 */
export function tcpdumpTargets(point: CapturePoint): TcpdumpTarget[] {
  const { shared } = point
  if (shared === undefined && !point.isLate) return [{ point, direction: undefined, filter: '' }]
  const filter = shared === undefined ? '' : forGuest(shared)
  return [
    { point, direction: 'in', filter: '' },
    { point, direction: 'out', filter },
  ]
}

function forGuest(shared: NonNullable<CapturePoint['shared']>): string {
  const { macAddress, address, hostMacAddress } = shared
  const bytes = macAddress.replaceAll(':', '')
  const isAnswer = `udp dst port 68 and udp[36:4] = 0x${bytes.slice(0, 8)} and udp[40:2] = 0x${bytes.slice(8)}`
  const isForGuest = `arp dst host ${address} or (${isAnswer})`
  return `ether host ${macAddress} or (ether multicast and ether src ${hostMacAddress} and (${isForGuest}))`
}

/** Packets of a device of this host, by tcpdump. @throws SeeError `TOOL_FAILED` */
export async function tcpdumpSource(
  tcpdump: string,
  target: TcpdumpTarget,
  snapLength: number,
): Promise<PacketSource> {
  const { point, direction } = target
  const process = await TetheredProcess.start(captureCommand(tcpdump, target, snapLength))
  return {
    name: `the device ${point.device}`,
    packets: process.stdout,
    ended: process.ended,
    get isRunning() {
      return process.isRunning
    },
    missing(captured) {
      if (direction === 'out') return 0
      // Both ways together say nothing of one.
      return direction === 'in' ? Math.max(0, point.packetsSent() - captured) : point.packetsSent()
    },
    stop: (graceMs) => process.stop(graceMs),
    failure: () => process.failure(),
    async outcome(stopping) {
      await process.ended
      const { stderr } = process
      // A guest that is powered off takes its own device with it.
      const deviceGone = /interface disappeared|network is down|No such device/i.test(stderr)
      return {
        failure: stopping || deviceGone ? undefined : await process.failure(),
        dropped: droppedIn(stderr, 'kernel') + droppedIn(stderr, 'interface') + unreadIn(stderr, direction),
      }
    },
  }
}

function droppedIn(stderr: string, where: 'kernel' | 'interface'): number {
  return countIn(stderr, `dropped by ${where}`)
}

/**
 * Packets that the kernel kept for tcpdump and that it had not read when it was stopped. What the kernel says it received
 * includes what it dropped, and the packets of both ways: libpcap itself leaves out those of the other.
 */
function unreadIn(stderr: string, direction: TcpdumpTarget['direction']): number {
  if (direction !== undefined) return 0
  const kept = countIn(stderr, 'received by filter') - droppedIn(stderr, 'kernel')
  return Math.max(0, kept - countIn(stderr, 'captured'))
}

function countIn(stderr: string, what: string): number {
  return Number(new RegExp(`^(\\d+) packets? ${what}`, 'm').exec(stderr)?.[1] ?? 0)
}

function captureCommand(
  tcpdump: string,
  { point, direction, filter }: TcpdumpTarget,
  snapLength: number,
): [string, ...string[]] {
  // Every packet immediately, and none left in a buffer at the end.
  const output = ['--immediate-mode', '-U', '-w', '-']
  const input = ['-i', point.device, '-n', '-s', String(snapLength), '-B', String(KERNEL_BUFFER_KIB)]
  const way = direction === undefined ? [] : ['-Q', direction]
  return [tcpdump, ...input, ...way, ...output, ...(filter === '' ? [] : [filter])]
}
