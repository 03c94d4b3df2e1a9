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

const [SYN, PUSH, ACK] = [2, 8, 16]

interface TcpPorts {
  readonly sourcePort: number
  readonly port: number
  readonly sequence?: number
  readonly flags?: number
}

/** The beginning of a TCP connection, whose data begins with the sequence number behind it. */
export function synFrame(ports: TcpPorts): Buffer {
  return tcpFrame({ ...ports, flags: SYN }, Buffer.alloc(0))
}

/**
 * A TCP segment, the one that begins a connection's data where nothing else is said: without a handshake, which no
 * reader needs.
 */
export function tcpFrame(
  { sourcePort, port, sequence = 1, flags = PUSH | ACK }: TcpPorts,
  payload: Buffer,
): Buffer {
  const tcp = Buffer.alloc(20)
  tcp.writeUInt16BE(sourcePort, 0)
  tcp.writeUInt16BE(port, 2)
  tcp.writeUInt32BE(sequence, 4)
  tcp.writeUInt32BE(1, 8)
  tcp.writeUInt16BE(0x5000 | flags, 12)
  tcp.writeUInt16BE(65_535, 14)
  return ipFrame(6, Buffer.concat([tcp, payload]), false)
}

/** A datagram of the guest's as its router returns it: in an error message of ICMP. */
export function quotingFrame(quoted: Buffer): Buffer {
  return ipFrame(1, Buffer.concat([Buffer.from('0303000000000000', 'hex'), quoted.subarray(14)]), true)
}

/** The fragments of a UDP datagram, the first of which holds 1480 bytes. */
export function udpFragments(ports: { sourcePort: number; port: number }, payload: Buffer): Buffer[] {
  const datagram = udpFrame(ports, payload).subarray(34)
  return [
    ipFrame(17, datagram.subarray(0, 1480), false, 0x2000),
    ipFrame(17, datagram.subarray(1480), false, 1480 / 8),
  ]
}

/** The two fragments of a packet of ICMP. */
export function icmpFragments(message: Buffer): Buffer[] {
  return [
    ipFrame(1, message.subarray(0, 1480), false, 0x2000),
    ipFrame(1, message.subarray(1480), false, 1480 / 8),
  ]
}

/** @param fragment flags and offset of IPv4's header; "do not fragment" when not given */
function ipFrame(protocol: number, payload: Buffer, back: boolean, fragment = 0x4000): Buffer {
  const ip = Buffer.from('450000000007000040000000', 'hex')
  ip.writeUInt16BE(fragment, 6)
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

interface DnsRecordBytes {
  readonly name: string
  readonly type: number
  readonly data: Buffer
}

/** The answer to a question for a name, with records in its sections of answers and of additional records. */
export function dnsAnswer(
  asked: { readonly name: string; readonly type: number },
  answers: readonly DnsRecordBytes[],
  additional: readonly DnsRecordBytes[] = [],
): Buffer {
  const header = Buffer.from('123481800001000000000000', 'hex')
  header.writeUInt16BE(answers.length, 6)
  header.writeUInt16BE(additional.length, 10)
  const question = Buffer.concat([dnsName(asked.name), uint16(asked.type, 1)])
  const records = [...answers, ...additional].map(({ name, type, data }) =>
    Buffer.concat([dnsName(name), uint16(type, 1, 0, 60, data.length), data]),
  )
  return Buffer.concat([header, question, ...records])
}

export function dnsName(name: string): Buffer {
  const labels = name.split('.').filter((label) => label !== '')
  return Buffer.concat([
    ...labels.map((label) => Buffer.concat([Buffer.of(label.length), Buffer.from(label)])),
    Buffer.of(0),
  ])
}

export function uint16(...values: number[]): Buffer {
  const bytes = Buffer.alloc(values.length * 2)
  values.forEach((value, index) => void bytes.writeUInt16BE(value, index * 2))
  return bytes
}

/** The first message of a TLS connection (RFC 8446), with a server name or without. */
export function clientHello(serverName?: string): Buffer {
  const name = Buffer.from(serverName ?? '')
  const extension = Buffer.concat([
    uint16(0, name.length + 5, name.length + 3),
    Buffer.of(0),
    uint16(name.length),
    name,
  ])
  const extensions = serverName === undefined ? Buffer.alloc(0) : extension
  const random = Buffer.alloc(32, 'r')
  const body = Buffer.concat([
    uint16(0x0303),
    random,
    Buffer.of(0),
    uint16(2, 0x1301),
    Buffer.of(1, 0),
    uint16(extensions.length),
    extensions,
  ])
  const handshake = Buffer.concat([Buffer.of(1, 0), uint16(body.length), body])
  return Buffer.concat([Buffer.of(22), uint16(0x0301, handshake.length), handshake])
}
