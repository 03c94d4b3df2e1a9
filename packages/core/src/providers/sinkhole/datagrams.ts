import { formatIpv4, parseIpv4 } from '../../common/subnet.ts'
import {
  checksum,
  ETHERTYPE,
  ethernet,
  type Ethernet,
  type Ipv4,
  OWN_MAC,
  PROTOCOL,
  transportChecksum,
} from './packet.ts'

const ARP_BYTES = 28
const UDP_BYTES = 8
const ECHO_REQUEST = 8

export interface Udp {
  readonly sourcePort: number
  readonly port: number
  readonly payload: Buffer
}

/**
 * Answers a question for the card of an address that is here. Undefined for what is no question, or a probe whether an
 * address is free.
 */
export function answerArp(
  { source, payload }: Ethernet,
  addresses: { has(address: string): boolean },
): Buffer | undefined {
  if (payload.length < ARP_BYTES || payload.readUInt16BE(6) !== 1) return undefined
  const [sender, target] = [payload.readUInt32BE(14), payload.readUInt32BE(24)]
  if (sender === 0 || sender === target || !addresses.has(formatIpv4(target))) return undefined
  const answer = Buffer.from(payload.subarray(0, ARP_BYTES))
  answer.writeUInt16BE(2, 6)
  Buffer.from(OWN_MAC.replaceAll(':', ''), 'hex').copy(answer, 8)
  answer.writeUInt32BE(target, 14)
  payload.copy(answer, 18, 8, 18)
  return ethernet(source, ETHERTYPE.arp, answer)
}

/** Answers a ping; undefined for anything else of ICMP. */
export function answerPing({ source, destination, payload }: Ipv4): Ipv4 | undefined {
  if (!isEchoRequest(payload)) return undefined
  const answer = Buffer.from(payload)
  answer.writeUInt32BE(0)
  answer.writeUInt16BE(checksum(answer), 2)
  return { protocol: PROTOCOL.icmp, source: destination, destination: source, payload: answer }
}

export function isEchoRequest(payload: Buffer): boolean {
  return payload.length >= 8 && payload.readUInt8() === ECHO_REQUEST
}

/** The beginning of a datagram whose other fragments follow, and its size. Undefined when it is malformed. */
export function readFirstOfUdp({ payload }: Ipv4): (Udp & { readonly bytes: number }) | undefined {
  if (payload.length < UDP_BYTES || payload.readUInt16BE(4) < UDP_BYTES) return undefined
  const bytes = payload.readUInt16BE(4) - UDP_BYTES
  return {
    sourcePort: payload.readUInt16BE(0),
    port: payload.readUInt16BE(2),
    payload: payload.subarray(UDP_BYTES, UDP_BYTES + bytes),
    bytes,
  }
}

/** Undefined when it is malformed. */
export function readUdp({ payload }: Ipv4): Udp | undefined {
  if (payload.length < UDP_BYTES) return undefined
  const length = payload.readUInt16BE(4)
  if (length < UDP_BYTES || length > payload.length) return undefined
  return {
    sourcePort: payload.readUInt16BE(0),
    port: payload.readUInt16BE(2),
    payload: payload.subarray(UDP_BYTES, length),
  }
}

export function udp(source: string, destination: string, { sourcePort, port, payload }: Udp): Ipv4 {
  const datagram = Buffer.concat([Buffer.alloc(UDP_BYTES), payload])
  datagram.writeUInt16BE(sourcePort, 0)
  datagram.writeUInt16BE(port, 2)
  datagram.writeUInt16BE(datagram.length, 4)
  const packet = { protocol: PROTOCOL.udp, source, destination, payload: datagram }
  // Zero would say that there is none.
  datagram.writeUInt16BE(transportChecksum(packet) || 0xffff, 6)
  return packet
}

/** The bytes of an IPv4 address. */
export function addressBytes(address: string): Buffer {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(parseIpv4(address))
  return bytes
}
