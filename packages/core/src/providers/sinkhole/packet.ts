import { formatIpv4, parseIpv4 } from '../../common/subnet.ts'

const ETHERNET_BYTES = 14
const IPV4_BYTES = 20
export const ETHERTYPE = { ipv4: 0x0800, arp: 0x0806 } as const
export const PROTOCOL = { icmp: 1, tcp: 6, udp: 17 } as const

/** The sinkhole's own card. */
export const OWN_MAC = '52:55:0a:00:02:02'

export interface Ethernet {
  readonly source: string
  readonly type: number
  readonly payload: Buffer
}

/** An IPv4 packet that is whole. */
export interface Ipv4 {
  readonly protocol: number
  readonly source: string
  readonly destination: string
  readonly payload: Buffer
}

/** Undefined when it is too short to be one. */
export function readEthernet(frame: Buffer): Ethernet | undefined {
  if (frame.length < ETHERNET_BYTES) return undefined
  const source = formatMac(frame.subarray(6, 12))
  return { source, type: frame.readUInt16BE(12), payload: frame.subarray(ETHERNET_BYTES) }
}

export function ethernet(to: string, type: number, payload: Buffer): Buffer {
  const header = Buffer.concat([parseMac(to), parseMac(OWN_MAC), Buffer.alloc(2)])
  header.writeUInt16BE(type, 12)
  return Buffer.concat([header, payload])
}

/** Undefined when it is malformed, or a fragment. */
export function readIpv4(bytes: Buffer): Ipv4 | undefined {
  const packet = readWholeOrFirst(bytes)
  return packet === undefined || packet.isFragment ? undefined : packet
}

/** The first fragment of a packet that is not whole. Undefined for anything else. */
export function readFirstFragment(bytes: Buffer): Ipv4 | undefined {
  const packet = readWholeOrFirst(bytes)
  return packet?.isFragment === true ? packet : undefined
}

function readWholeOrFirst(bytes: Buffer): (Ipv4 & { readonly isFragment: boolean }) | undefined {
  if (bytes.length < IPV4_BYTES || bytes.readUInt8() >> 4 !== 4) return undefined
  const header = (bytes.readUInt8() & 15) * 4
  const total = bytes.readUInt16BE(2)
  const fragment = bytes.readUInt16BE(6)
  const isLater = (fragment & 0x1fff) !== 0
  if (header < IPV4_BYTES || total < header || total > bytes.length || isLater) return undefined
  return {
    protocol: bytes.readUInt8(9),
    source: formatIpv4(bytes.readUInt32BE(12)),
    destination: formatIpv4(bytes.readUInt32BE(16)),
    payload: bytes.subarray(header, total),
    // The flag that more fragments follow.
    isFragment: (fragment & 0x2000) !== 0,
  }
}

export function ipv4({ protocol, source, destination, payload }: Ipv4): Buffer {
  const header = Buffer.alloc(IPV4_BYTES)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(IPV4_BYTES + payload.length, 2)
  header.writeUInt16BE(0x4000, 6)
  header.writeUInt8(64, 8)
  header.writeUInt8(protocol, 9)
  header.writeUInt32BE(parseIpv4(source), 12)
  header.writeUInt32BE(parseIpv4(destination), 16)
  header.writeUInt16BE(checksum(header), 10)
  return Buffer.concat([header, payload])
}

/** The checksum of TCP and UDP covers the addresses too: RFC 9293, RFC 768. */
export function transportChecksum({ protocol, source, destination, payload }: Ipv4): number {
  const pseudo = Buffer.alloc(12)
  pseudo.writeUInt32BE(parseIpv4(source), 0)
  pseudo.writeUInt32BE(parseIpv4(destination), 4)
  pseudo.writeUInt8(protocol, 9)
  pseudo.writeUInt16BE(payload.length, 10)
  return checksum(Buffer.concat([pseudo, payload]))
}

/** RFC 1071. */
export function checksum(bytes: Buffer): number {
  let sum = 0
  for (let index = 0; index + 1 < bytes.length; index += 2) sum += bytes.readUInt16BE(index)
  if (bytes.length % 2 === 1) sum += bytes.readUInt8(bytes.length - 1) << 8
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >>> 16)
  return ~sum & 0xffff
}

function formatMac(bytes: Buffer): string {
  return [...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join(':')
}

function parseMac(text: string): Buffer {
  return Buffer.from(text.replaceAll(':', ''), 'hex')
}
