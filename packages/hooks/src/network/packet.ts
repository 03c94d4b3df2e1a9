import { SeeError, z } from '@see/core'

/** The fields that tshark is asked for, by its own names. */
export const packetFields = [
  ...(['frame.number', 'frame.time_epoch', 'frame.len', 'frame.cap_len', 'frame.protocols'] as const),
  ...([
    '_ws.col.Source',
    '_ws.col.Destination',
    '_ws.col.Protocol',
    '_ws.col.Info',
    '_ws.malformed',
  ] as const),
  ...(['eth.src', 'eth.dst', 'ip.src', 'ip.dst', 'ipv6.src', 'ipv6.dst'] as const),
  ...([
    'ip.id',
    'ip.proto',
    'ip.flags.mf',
    'ip.frag_offset',
    'ip.reassembled.length',
    'ipv6.fraghdr.ident',
    'ipv6.fraghdr.nxt',
    'ipv6.fraghdr.more',
    'ipv6.fraghdr.offset',
    'ipv6.reassembled.length',
  ] as const),
  ...(['tcp.srcport', 'tcp.dstport', 'udp.srcport', 'udp.dstport', 'sctp.srcport', 'sctp.dstport'] as const),
  ...(['tcp.stream', 'tcp.seq_raw', 'tcp.len', 'tcp.flags'] as const),
  ...([
    'dns.qry.name',
    'dns.qry.type',
    'dns.flags.response',
    'dns.flags.rcode',
    'dns.count.queries',
    'dns.count.answers',
    'dns.count.auth_rr',
    'dns.count.add_rr',
  ] as const),
  ...(['dns.resp.name', 'dns.resp.type', 'dns.resp.len', 'dns.txt.length'] as const),
  ...(['dns.cname', 'dns.a', 'dns.aaaa', 'dns.ptr.domain_name', 'dns.mx.mail_exchange', 'dns.txt'] as const),
  ...(['dns.ns', 'dns.soa.mname', 'dns.srv.target', 'dns.srv.port', 'dns.naptr.replacement'] as const),
  ...(['dns.svcb.svcpriority', 'dns.svcb.targetname'] as const),
  ...(['http.request.method', 'http.request.uri', 'http.host', 'http.user_agent'] as const),
  ...(['http2.headers.method', 'http2.headers.path'] as const),
  ...(['http2.headers.authority', 'http2.headers.user_agent'] as const),
  ...(['tls.handshake.type', 'tls.handshake.extensions_server_name'] as const),
] as const

export type PacketField = (typeof packetFields)[number]

/** A line of `tshark -T ek`: of each field that the packet has, its values, as many as there are. */
const line = z.object({ layers: z.record(z.string(), z.array(z.string())) })

/** What tshark says of one packet. Every text in it may be of the guest's making. */
export class Packet {
  readonly #layers: Readonly<Record<string, readonly string[]>>

  constructor(layers: Readonly<Record<string, readonly string[]>>) {
    this.#layers = layers
  }

  all(field: PacketField): readonly string[] {
    // In this format tshark writes dots as underscores.
    return this.#layers[field.replaceAll('.', '_')] ?? []
  }

  /** A packet in a tunnel has fields twice: the outermost comes first. */
  first(field: PacketField): string | undefined {
    return this.all(field)[0]
  }

  number(field: PacketField): number {
    return Number(this.first(field))
  }
}

/**
 * Reads a line of `tshark -T ek`; undefined when it is not a packet's: before each is one that says where it belongs.
 * @throws SeeError `TOOL_FAILED`
 */
export function packetIn(text: string): Packet | undefined {
  return text === '' || text.startsWith('{"index"') ? undefined : packetOf(text)
}

function packetOf(text: string): Packet {
  try {
    return new Packet(line.parse(JSON.parse(text)).layers)
  } catch (error) {
    const begin = JSON.stringify(text.slice(0, 200))
    throw new SeeError('TOOL_FAILED', `tshark wrote what cannot be read: ${begin}`, { cause: error })
  }
}
