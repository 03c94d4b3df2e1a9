import { type CapturePoint, SeeError } from '@see/core'
import type { PacketSource } from './packet-source.ts'
import { TetheredProcess } from './tethered-process.ts'

/** KiB that the kernel keeps for us while this process is busy with something else. */
const KERNEL_BUFFER_KIB = 16_384

/** Packets of a device of this host, by tcpdump. @throws SeeError `TOOL_FAILED` */
export async function tcpdumpSource(
  tcpdump: string,
  point: CapturePoint,
  snapLength: number,
): Promise<PacketSource> {
  const process = await TetheredProcess.start(captureCommand(tcpdump, point, snapLength))
  return {
    packets: process.stdout,
    ended: process.ended,
    get isRunning() {
      return process.isRunning
    },
    stop: (graceMs) => process.stop(graceMs),
    failure: () => process.failure(),
    async problem({ path, stopping }) {
      const { stderr } = process
      // A guest that is powered off takes its own device with it.
      const deviceGone = /interface disappeared|network is down/i.test(stderr)
      if (!stopping && !deviceGone) return await process.failure()
      const dropped = Number(/^(\d+) packets? dropped by kernel/m.exec(stderr)?.[1] ?? 0)
      if (dropped === 0) return undefined
      return new SeeError(
        'TOOL_FAILED',
        `${dropped} packets are not in the trace ${path}: they came too fast`,
      )
    },
  }
}

function captureCommand(tcpdump: string, point: CapturePoint, snapLength: number): [string, ...string[]] {
  // Every packet at once, and none left in a buffer at the end.
  const output = ['--immediate-mode', '-U', '-w', '-']
  const input = ['-i', point.device, '-n', '-s', String(snapLength), '-B', String(KERNEL_BUFFER_KIB)]
  return [tcpdump, ...input, ...output, ...filterOf(point)]
}

function filterOf({ macAddress, fromHost }: CapturePoint): string[] {
  if (macAddress === undefined) return []
  if (fromHost === undefined) return [`ether host ${macAddress} or ether multicast`]
  // The host's questions for the guest's address, and its answers of DHCP, by the guest's address in them.
  const bytes = macAddress.replaceAll(':', '')
  const isAnswer = `udp dst port 68 and udp[36:4] = 0x${bytes.slice(0, 8)} and udp[40:2] = 0x${bytes.slice(8)}`
  const isForGuest = `arp dst host ${fromHost.address} or (${isAnswer})`
  return [
    `ether host ${macAddress} or (ether multicast and ether src ${fromHost.macAddress} and (${isForGuest}))`,
  ]
}
