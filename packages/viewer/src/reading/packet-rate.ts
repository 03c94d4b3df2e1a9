import type { Rate } from '../model/report-index.ts'

const SLICES = 400
/** The file's header, and that of a packet. */
const FILE_HEADER = 24
const PACKET_HEADER = 16
/** By magic number: whether the file is little-endian, and the fractions of a second in its times. */
const FORMATS = new Map<number, { readonly little: boolean; readonly fraction: number }>([
  [0xa1b2c3d4, { little: false, fraction: 1e6 }],
  [0xd4c3b2a1, { little: true, fraction: 1e6 }],
  [0xa1b23c4d, { little: false, fraction: 1e9 }],
  [0x4d3cb2a1, { little: true, fraction: 1e9 }],
])

interface Packet {
  readonly epochMs: number
  readonly bytes: number
}

/** The times and sizes of the packets of a pcap file, up to where it is cut short; none where it is no such file. */
function packetsOf(bytes: Uint8Array): Packet[] {
  if (bytes.length < FILE_HEADER) return []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const format = FORMATS.get(view.getUint32(0))
  if (format === undefined) return []
  const { little, fraction } = format
  const packets: Packet[] = []
  for (let at = FILE_HEADER; at + PACKET_HEADER <= bytes.length; ) {
    const seconds = view.getUint32(at, little) + view.getUint32(at + 4, little) / fraction
    packets.push({ epochMs: seconds * 1000, bytes: view.getUint32(at + 12, little) })
    at += PACKET_HEADER + view.getUint32(at + 8, little)
  }
  return packets
}

/** Packets and bytes in each slice of a case; null where a trace has none. */
export function packetRate(bytes: Uint8Array, started: number, duration: number): Rate | null {
  const slice = Math.max(1, duration / SLICES)
  const packets = Array.from({ length: SLICES }, () => 0)
  const sizes = [...packets]
  let seen = false
  for (const packet of packetsOf(bytes)) {
    const index = Math.floor((packet.epochMs - started) / slice)
    if (!(index >= 0 && index < SLICES)) continue
    seen = true
    packets[index] = (packets[index] ?? 0) + 1
    sizes[index] = (sizes[index] ?? 0) + packet.bytes
  }
  return seen ? { from: 0, slice, packets, bytes: sizes } : null
}
