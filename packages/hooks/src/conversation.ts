import { Counted } from './counted.ts'
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

/** All packets between two ends. */
export interface Conversation {
  readonly protocol: string
  /** Whoever sent first. */
  readonly source: Endpoint
  readonly destination: Endpoint
  packets: number
  /** On the wire, frame headers included. */
  bytes: number
  /** Seconds since the epoch. */
  readonly first: number
  last: number
}

const WITH_PORTS = ['tcp', 'udp', 'sctp'] as const

/**
 * Of a packet in a tunnel, or of an error message that quotes another packet, the outermost is meant, which is what
 * really passed.
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
  const protocol = layers.slice(ip + 1).find((layer) => !layer.startsWith('ipv6.')) ?? 'ip'
  const version = layers[ip] === 'ip' ? 'ip' : 'ipv6'
  return {
    protocol,
    source: endpoint(packet.first(`${version}.src`), portOf(packet, protocol, 'src')),
    destination: endpoint(packet.first(`${version}.dst`), portOf(packet, protocol, 'dst')),
  }
}

/** Sorts packets by their conversations. */
export class Conversations extends Counted<Conversation> {
  add(packet: Packet): void {
    const { protocol, source, destination } = routeOf(packet)
    const time = packet.number('frame.time_epoch')
    const ends = [source, destination].map(({ address, port }) => `${address} ${port}`).toSorted()
    const conversation = this.at([protocol, ...ends], () => {
      return { protocol, source, destination, packets: 0, bytes: 0, first: time, last: time }
    })
    if (conversation === undefined) return
    conversation.packets++
    conversation.bytes += packet.number('frame.len')
    conversation.last = time
  }
}

function portOf(packet: Packet, protocol: string, end: 'src' | 'dst'): string | undefined {
  const found = WITH_PORTS.find((each) => each === protocol)
  return found === undefined ? undefined : packet.first(`${found}.${end}port`)
}

function endpoint(address = '', port: string | undefined): Endpoint {
  return port === undefined ? { address } : { address, port: Number(port) }
}
