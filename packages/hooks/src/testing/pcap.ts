/** A capture in the pcap format, with microseconds, of Ethernet frames. */
export function pcapOf(frames: readonly Buffer[]): Buffer {
  const header = uint32(0xa1b2c3d4, 0x00040002, 0, 0, 262_144, 1)
  const packets = frames.flatMap((frame, index) => [
    uint32(1_700_000_000 + index, 0, frame.length, frame.length),
    frame,
  ])
  return Buffer.concat([header, ...packets])
}

function uint32(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 4)
  values.forEach((value, index) => void bytes.writeUInt32LE(value, index * 4))
  return bytes
}

const MAC = { guest: '525400000001', host: '525400000002' }

/** A UDP datagram from 10.9.0.2 to 10.9.0.1, or back, in IPv4 in Ethernet. */
export function udpFrame(
  { sourcePort, port, back = false }: { sourcePort: number; port: number; back?: boolean },
  payload: Buffer,
): Buffer {
  const udp = Buffer.alloc(8)
  udp.writeUInt16BE(sourcePort, 0)
  udp.writeUInt16BE(port, 2)
  udp.writeUInt16BE(8 + payload.length, 4)
  return ipFrame(17, Buffer.concat([udp, payload]), back)
}

/** The TCP segment that begins a connection's data: without a handshake, which nobody needs to read it. */
export function tcpFrame(
  { sourcePort, port }: { sourcePort: number; port: number },
  payload: Buffer,
): Buffer {
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(sourcePort, 0)
  tcp.writeUInt16BE(port, 2)
  tcp.writeUInt32BE(1, 4)
  tcp.writeUInt32BE(1, 8)
  tcp.writeUInt16BE(0x5018, 12)
  tcp.writeUInt16BE(65_535, 14)
  return ipFrame(6, Buffer.concat([tcp, payload]), false)
}

function ipFrame(protocol: number, payload: Buffer, back: boolean): Buffer {
  const ip = Buffer.from('450000000000400040000000', 'hex')
  ip.writeUInt16BE(20 + payload.length, 2)
  ip[9] = protocol
  const guest = Buffer.from([10, 9, 0, 2])
  const host = Buffer.from([10, 9, 0, 1])
  const macs = Buffer.from(back ? MAC.guest + MAC.host : MAC.host + MAC.guest, 'hex')
  const addresses = back ? [host, guest] : [guest, host]
  return Buffer.concat([macs, Buffer.from('0800', 'hex'), ip, ...addresses, payload])
}

/** A DNS question for an IPv4 address, or the answer to it. */
export function dnsMessage(labels: readonly (string | Buffer)[], answer?: readonly number[]): Buffer {
  const header = Buffer.from(answer === undefined ? '1234010000010000' : '1234818000010001', 'hex')
  const name = labels.flatMap((label) => [Buffer.from([Buffer.byteLength(label)]), Buffer.from(label)])
  const question = Buffer.concat([...name, Buffer.from('0000010001', 'hex')])
  const record =
    answer === undefined ? [] : [Buffer.from('c00c000100010000003c0004', 'hex'), Buffer.from(answer)]
  return Buffer.concat([header, Buffer.alloc(4), question, ...record])
}
