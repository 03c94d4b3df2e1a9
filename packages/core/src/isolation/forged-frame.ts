const EVERY_CARD = 'ffffffffffff'
/** Locally administered, so that it is no one’s. */
const FORGED_MAC = '025345450001'
const IPV4 = '0800'
const UDP = 17
const HEADER_BYTES = 20
const UDP_BYTES = 8
const LIFETIME = 64

interface Forged {
  /** The host's address. */
  readonly address: string
  readonly port: number
  /** The guest's address, where it is known. */
  readonly guestAddress: string | undefined
  readonly text: string
}

/**
 * An Ethernet frame with a datagram to this host, from a card and an address of the host's subnet that are not the
 * guest's, in hexadecimal.
 */
export function forgedFrame({ address, port, guestAddress, text }: Forged): string {
  const payload = Buffer.from(text, 'latin1')
  const header = Buffer.alloc(HEADER_BYTES)
  header.writeUInt8(0x45, 0)
  header.writeUInt16BE(HEADER_BYTES + UDP_BYTES + payload.length, 2)
  header.writeUInt8(LIFETIME, 8)
  header.writeUInt8(UDP, 9)
  bytesOf(forgedAddress(address, guestAddress)).copy(header, 12)
  bytesOf(address).copy(header, 16)
  header.writeUInt16BE(checksum(header), 10)
  const datagram = Buffer.alloc(UDP_BYTES)
  datagram.writeUInt16BE(port, 0)
  datagram.writeUInt16BE(port, 2)
  datagram.writeUInt16BE(UDP_BYTES + payload.length, 4)
  // Zero as a checksum says that there is none.
  return `${EVERY_CARD}${FORGED_MAC}${IPV4}${Buffer.concat([header, datagram, payload]).toString('hex')}`
}

/** An address of the same subnet, whatever its size is from 16 addresses on. */
function forgedAddress(address: string, guestAddress: string | undefined): string {
  const [a, b, c, d = ''] = address.split('.')
  const candidates = [1, 2, 3].map((bit) => `${a}.${b}.${c}.${Number(d) ^ (bit * 4)}`)
  return candidates.find((each) => each !== guestAddress) ?? address
}

function bytesOf(address: string): Buffer {
  return Buffer.from(address.split('.').map(Number))
}

function checksum(header: Buffer): number {
  let sum = 0
  for (let offset = 0; offset < header.length; offset += 2) sum += header.readUInt16BE(offset)
  while (sum > 0xffff) sum = (sum & 0xffff) + (sum >> 16)
  return ~sum & 0xffff
}
