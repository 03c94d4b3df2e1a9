import { type Route, routeOf } from './conversation.ts'
import { BoundedTally } from './bounded-tally.ts'
import type { Packet } from './packet.ts'

/** Layers that carry content which tshark has no name for. */
const NAMELESS = new Set(['data', 'tcp.segments'])

interface Content {
  readonly route: Route
  /** Whether tshark, or who reads beside it, knows what one of its packets says. */
  isKnown: boolean
  isQuic: boolean
  /** Whether HTTP/2 is spoken where tshark does not read it. */
  isUnreadHttp2: boolean
}

/** Follows which conversations over TCP and UDP carry what is not read. */
export class UnreadContent {
  readonly #contents: BoundedTally<Content>

  constructor(limit: number) {
    this.#contents = new BoundedTally(limit)
  }

  get full(): boolean {
    return this.#contents.full
  }

  /** @param found what was found in the packet beside tshark */
  add(packet: Packet, found: { readonly isKnown: boolean; readonly isHttp2: boolean }): void {
    const route = routeOf(packet)
    const layers = layersAbove(packet, route)
    if (layers === undefined) return
    const ends = [route.source, route.destination].map(({ address, port }) => `${address} ${port}`).toSorted()
    const make = () => ({ route, isKnown: false, isQuic: false, isUnreadHttp2: false })
    const content = this.#contents.at([route.protocol, ...ends], make)
    if (content === undefined) return
    content.isKnown ||= found.isKnown || layers.some((layer) => !NAMELESS.has(layer))
    content.isQuic ||= layers.includes('quic')
    content.isUnreadHttp2 ||= found.isHttp2
  }

  /** Conversations of which nothing is known but that they were. */
  get unknown(): Route[] {
    return this.#routes(({ isKnown }) => !isKnown)
  }

  get quic(): Route[] {
    return this.#routes(({ isQuic }) => isQuic)
  }

  get unreadHttp2(): Route[] {
    return this.#routes(({ isUnreadHttp2 }) => isUnreadHttp2)
  }

  #routes(isMeant: (content: Content) => boolean): Route[] {
    return this.#contents.values.filter(isMeant).map(({ route }) => route)
  }
}

/** What TCP or UDP carries in a packet, in tshark's words; undefined where that is nothing. */
function layersAbove(packet: Packet, { protocol, source }: Route): readonly string[] | undefined {
  if (source.port === undefined || (protocol !== 'tcp' && protocol !== 'udp')) return undefined
  const layers = packet.first('frame.protocols')?.split(':') ?? []
  const above = layers.slice(layers.indexOf(protocol) + 1)
  const isEmpty = protocol === 'tcp' ? !(packet.number('tcp.len') > 0) : above.length === 0
  return isEmpty ? undefined : above
}
