import { type Ipv4, PROTOCOL, transportChecksum } from './packet.ts'

const HEADER_BYTES = 20
/** What fits a frame of 1500 bytes. */
export const SEGMENT_BYTES = 1460
/** Announces that segments may be that long; without it they are 536 bytes. */
export const MOST_SEGMENT_OPTION = Buffer.of(2, 4, SEGMENT_BYTES >> 8, SEGMENT_BYTES & 0xff)
const NO_OPTIONS = Buffer.alloc(0)

export const FLAG = { fin: 1, syn: 2, rst: 4, psh: 8, ack: 16 } as const

/** RFC 9293. */
export interface TcpSegment {
  readonly sourcePort: number
  readonly port: number
  readonly sequence: number
  readonly acknowledged: number
  /** Bits of {@link FLAG}. */
  readonly flags: number
  readonly window: number
  readonly payload: Buffer
}

/** Undefined when it is malformed. */
export function readTcp({ payload }: Ipv4): TcpSegment | undefined {
  if (payload.length < HEADER_BYTES) return undefined
  const header = (payload.readUInt8(12) >> 4) * 4
  if (header < HEADER_BYTES || header > payload.length) return undefined
  return {
    sourcePort: payload.readUInt16BE(0),
    port: payload.readUInt16BE(2),
    sequence: payload.readUInt32BE(4),
    acknowledged: payload.readUInt32BE(8),
    flags: payload.readUInt8(13),
    window: payload.readUInt16BE(14),
    payload: payload.subarray(header),
  }
}

/** @param options a multiple of four bytes */
export function tcp(
  source: string,
  destination: string,
  segment: TcpSegment,
  options: Buffer = NO_OPTIONS,
): Ipv4 {
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt16BE(segment.sourcePort, 0)
  header.writeUInt16BE(segment.port, 2)
  header.writeUInt32BE(segment.sequence, 4)
  header.writeUInt32BE(segment.acknowledged, 8)
  header.writeUInt8(((HEADER_BYTES + options.length) / 4) << 4, 12)
  header.writeUInt8(segment.flags, 13)
  header.writeUInt16BE(segment.window, 14)
  const payload = Buffer.concat([header, options, segment.payload])
  const packet = { protocol: PROTOCOL.tcp, source, destination, payload }
  payload.writeUInt16BE(transportChecksum(packet), 16)
  return packet
}

/** Numbers go round at 2^32. */
export function plus(sequence: number, bytes: number): number {
  return (sequence + bytes) >>> 0
}

/** How far one number is after another; negative when it is before. */
export function after(later: number, earlier: number): number {
  return (later - earlier) | 0
}
