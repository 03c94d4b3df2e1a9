import { BoundedTally } from './bounded-tally.ts'
import type { Packet } from './packet.ts'

export interface Endpoint {
  /** An IP address; without IP, an Ethernet address. */
  readonly address: string
  readonly port?: number
}

/** Who sent a packet to whom, over what. */
export interface Route {
  /** What is carried by IP, or, without IP, by Ethernet, in tshark's words: `tcp`, `udp`, `icmp`, `arp`, … */
  readonly protocol: string
  readonly source: Endpoint
  readonly destination: Endpoint
}

/** In one line, in a message. */
export function textOfRoute({ protocol, source, destination }: Route): string {
  return `${protocol} ${textOfEnd(source)} → ${textOfEnd(destination)}`
}

function textOfEnd({ address, port }: Endpoint): string {
  if (port === undefined) return address
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** All packets between two ends. */
export interface Conversation {
  readonly protocol: string
  /** The side that sent first. */
  readonly source: Endpoint
  readonly destination: Endpoint
  packets: number
  /** On the wire, frame headers included. */
  bytes: number
  /** Seconds since the epoch. */
  readonly first: number
  last: number
}

/** They are in the packet that makes a datagram whole. */
const REASSEMBLED = ['ip.reassembled.length', 'ipv6.reassembled.length'] as const

const WITH_PORTS = ['tcp', 'udp', 'sctp'] as const

/** IANA's numbers of them. */
const PROTOCOLS = new Map([
  ['6', 'tcp'],
  ['17', 'udp'],
  ['132', 'sctp'],
])

/**
 * If a packet is in a tunnel, or an error message quotes another packet, the outermost is meant, which is what really
 * passed.
 */
export function routeOf(packet: Packet): Route {
  const layers = packet.first('frame.protocols')?.split(':') ?? []
  const ip = layers.findIndex((layer) => layer === 'ip' || layer === 'ipv6')
  if (ip < 0) {
    return {
      protocol: layers[layers.indexOf('ethertype') + 1] ?? 'unknown',
      source: { address: packet.first('eth.src') ?? '' },
      destination: { address: packet.first('eth.dst') ?? '' },
    }
  }
  const version = layers[ip] === 'ip' ? 'ip' : 'ipv6'
  const protocol = protocolOf(packet, layers.slice(ip + 1), version)
  return {
    protocol,
    source: endpoint(packet.first(`${version}.src`), portOf(packet, protocol, 'src')),
    destination: endpoint(packet.first(`${version}.dst`), portOf(packet, protocol, 'dst')),
  }
}

/** tshark shows what a datagram's fragments carry only at the last of them. */
function protocolOf(packet: Packet, layers: readonly string[], version: 'ip' | 'ipv6'): string {
  const protocol = layers.find((layer) => !layer.startsWith('ipv6.')) ?? 'ip'
  if (protocol !== 'data') return protocol
  const number = packet.first(version === 'ip' ? 'ip.proto' : 'ipv6.fraghdr.nxt')
  return (number === undefined ? undefined : PROTOCOLS.get(number)) ?? protocol
}

/** Whether a packet quotes another one, as errors of ICMP do: what it shows of names and requests was counted before. */
export function quotesAnother(packet: Packet): boolean {
  const layers = packet.first('frame.protocols')?.split(':') ?? []
  return layers.includes('icmp') || layers.includes('icmpv6')
}

/** Fragments of one datagram, whose ports are not known before its last one. */
interface Fragments {
  readonly route: Route
  packets: number
  bytes: number
  readonly first: number
  last: number
}

/** Sorts packets by their conversations. */
export class Conversations extends BoundedTally<Conversation> {
  /** Fragments of more datagrams at a time than are kept. */
  fragmentsBeyond = 0
  readonly #waiting = new Map<string, Fragments>()
  readonly #most: number

  constructor(limit: number) {
    super(limit)
    this.#most = limit
  }

  add(packet: Packet): void {
    const route = routeOf(packet)
    const time = packet.number('frame.time_epoch')
    const size = { packets: 1, bytes: packet.number('frame.len'), first: time, last: time }
    const datagram = datagramOf(packet, route)
    if (datagram === undefined) return this.#count(route, size)
    const before = this.#waiting.get(datagram)
    if (route.source.port !== undefined || REASSEMBLED.some((field) => packet.first(field) !== undefined)) {
      this.#waiting.delete(datagram)
      if (before !== undefined) this.#count(route, before)
      this.#count(route, size)
    } else if (before !== undefined) {
      before.packets++
      before.bytes += size.bytes
      before.last = time
    } else if (this.#waiting.size < this.#most) this.#waiting.set(datagram, { route, ...size })
    else {
      this.fragmentsBeyond++
      this.#count(route, size)
    }
  }

  /** The datagrams so far of which a fragment is missing. */
  get incomplete(): Route[] {
    return [...this.#waiting.values()].map(({ route }) => route)
  }

  /** Datagrams that were never complete are conversations without ports. */
  override get values(): Conversation[] {
    for (const fragments of this.#waiting.values()) this.#count(fragments.route, fragments)
    this.#waiting.clear()
    return super.values
  }

  #count(
    { protocol, source, destination }: Route,
    { packets, bytes, first, last }: Omit<Fragments, 'route'>,
  ): void {
    const ends = [source, destination].map(({ address, port }) => `${address} ${port}`).toSorted()
    const conversation = this.at([protocol, ...ends], () => {
      return { protocol, source, destination, packets: 0, bytes: 0, first, last }
    })
    if (conversation === undefined) return
    conversation.packets += packets
    conversation.bytes += bytes
    conversation.last = last
  }
}

/** What the fragments of one datagram have in common; undefined for a packet that is whole. */
function datagramOf(packet: Packet, { source, destination }: Route): string | undefined {
  const [isIpv4, isIpv6] = [
    packet.first('ip.flags.mf') === '1' || packet.number('ip.frag_offset') > 0,
    packet.first('ipv6.fraghdr.more') === '1' || packet.number('ipv6.fraghdr.offset') > 0,
  ]
  if (!isIpv4 && !isIpv6) return undefined
  const [identification, protocol] = isIpv4
    ? [packet.first('ip.id'), packet.first('ip.proto')]
    : [packet.first('ipv6.fraghdr.ident'), packet.first('ipv6.fraghdr.nxt')]
  return JSON.stringify([source.address, destination.address, protocol, identification])
}

function portOf(packet: Packet, protocol: string, end: 'src' | 'dst'): string | undefined {
  const found = WITH_PORTS.find((each) => each === protocol)
  return found === undefined ? undefined : packet.first(`${found}.${end}port`)
}

function endpoint(address = '', port: string | undefined): Endpoint {
  return port === undefined ? { address } : { address, port: Number(port) }
}
