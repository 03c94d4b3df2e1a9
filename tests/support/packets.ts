const FILE_HEADER = 24
const PACKET_HEADER = 16
const IPV4 = 0x0800
const TCP = 6
const UDP = 17

/** A TCP or UDP packet over IPv4. */
interface Packet {
  readonly protocol: 'tcp' | 'udp'
  readonly source: string
  readonly destination: string
  readonly destinationPort: number
  readonly payload: Buffer
}

/** Reads a capture of Ethernet frames by its own means, to see whether others read it rightly. */
export function packetsOf(pcap: Buffer): Packet[] {
  return framesOf(pcap).flatMap((frame) => {
    const packet = frame.readUInt16BE(12) === IPV4 ? ipv4(frame.subarray(14)) : undefined
    return packet === undefined ? [] : [packet]
  })
}

/** The addresses of all interfaces that sent something. */
export function sendersOf(pcap: Buffer): string[] {
  const addresses = framesOf(pcap).map((frame) => [...frame.subarray(6, 12)])
  const words = addresses.map((bytes) => bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':'))
  return [...new Set(words)]
}

function framesOf(pcap: Buffer): Buffer[] {
  if (pcap.readUInt32LE() !== 0xa1b2c3d4 || pcap.readUInt32LE(20) !== 1) throw new Error('no such capture')
  const frames: Buffer[] = []
  for (let offset = FILE_HEADER; offset < pcap.length; ) {
    const length = pcap.readUInt32LE(offset + 8)
    frames.push(pcap.subarray(offset + PACKET_HEADER, offset + PACKET_HEADER + length))
    offset += PACKET_HEADER + length
  }
  return frames
}

function ipv4(datagram: Buffer): Packet | undefined {
  const protocol = { [TCP]: 'tcp' as const, [UDP]: 'udp' as const }[datagram.readUInt8(9)]
  if (protocol === undefined) return undefined
  const body = datagram.subarray((datagram.readUInt8() & 15) * 4, datagram.readUInt16BE(2))
  return {
    protocol,
    source: datagram.subarray(12, 16).join('.'),
    destination: datagram.subarray(16, 20).join('.'),
    destinationPort: body.readUInt16BE(2),
    payload: body.subarray(protocol === 'udp' ? 8 : (body.readUInt8(12) >> 4) * 4),
  }
}

/** The name and the type of the first question of a DNS message. */
export function questionOf(message: Buffer): { name: string; type: number } {
  const labels: string[] = []
  let offset = 12
  for (let length = message.readUInt8(offset); length > 0; length = message.readUInt8(offset)) {
    labels.push(message.toString('latin1', offset + 1, offset + 1 + length))
    offset += 1 + length
  }
  return { name: labels.join('.'), type: message.readUInt16BE(offset + 1) }
}
