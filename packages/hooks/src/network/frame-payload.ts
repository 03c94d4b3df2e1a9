const ETHERNET_BYTES = 12
const TAGS = new Set([0x8100, 0x88a8])
const IPV4 = 0x0800
const IPV6 = 0x86dd
const IPV4_BYTES = 20
const IPV6_BYTES = 40
const TCP = 6
const UDP = 17
/** Headers of IPv6 that only have another one behind them: hop-by-hop options, routing, destination options. */
const EXTENSIONS = new Set([0, 43, 60])

export interface FramePayload {
  readonly protocol: 'tcp' | 'udp'
  readonly bytes: Buffer
}

interface IpPayload {
  readonly protocol: number
  readonly bytes: Buffer
}

/** What a frame carries over TCP or UDP in IP; undefined for anything else, and for fragments. */
export function framePayload(frame: Buffer): FramePayload | undefined {
  const ip = ipPayload(frame)
  if (ip === undefined) return undefined
  const { protocol, bytes } = ip
  if (protocol === UDP && bytes.length >= 8) {
    return { protocol: 'udp', bytes: bytes.subarray(8, bytes.readUInt16BE(4)) }
  }
  if (protocol !== TCP || bytes.length < 20) return undefined
  return { protocol: 'tcp', bytes: bytes.subarray((bytes.readUInt8(12) >> 4) * 4) }
}

function ipPayload(frame: Buffer): IpPayload | undefined {
  let offset = ETHERNET_BYTES
  while (frame.length >= offset + 6 && TAGS.has(frame.readUInt16BE(offset))) offset += 4
  if (frame.length < offset + 2) return undefined
  const type = frame.readUInt16BE(offset)
  const packet = frame.subarray(offset + 2)
  if (type === IPV4) return ofIpv4(packet)
  return type === IPV6 ? ofIpv6(packet) : undefined
}

function ofIpv4(packet: Buffer): IpPayload | undefined {
  if (packet.length < IPV4_BYTES || (packet.readUInt16BE(6) & 0x3fff) !== 0) return undefined
  // A length of zero is that of a packet that the card is to cut into pieces.
  const total = packet.readUInt16BE(2) || packet.length
  return {
    protocol: packet.readUInt8(9),
    bytes: packet.subarray((packet.readUInt8() & 15) * 4, total),
  }
}

function ofIpv6(packet: Buffer): IpPayload | undefined {
  if (packet.length < IPV6_BYTES) return undefined
  const length = packet.readUInt16BE(4)
  let protocol = packet.readUInt8(6)
  let bytes = packet.subarray(IPV6_BYTES, length === 0 ? packet.length : IPV6_BYTES + length)
  while (EXTENSIONS.has(protocol) && bytes.length >= 2) {
    protocol = bytes.readUInt8()
    bytes = bytes.subarray((bytes.readUInt8(1) + 1) * 8)
  }
  return { protocol, bytes }
}
