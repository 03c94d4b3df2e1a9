import { ByteRanges } from './byte-ranges.ts'
import { routeOf, textOfRoute } from './conversation.ts'
import type { Packet } from './packet.ts'

/** Directions of connections that are followed. */
const MOST_WAYS = 20_000
/** Ranges of bytes that are kept of a direction, and of all together. */
const MOST_RANGES = 1000
const MOST_OF_ALL = 100_000
const SYN = 2

/** What one end of a TCP connection sent. */
interface Way {
  readonly name: string
  readonly came: ByteRanges
  /** The sequence number of the last byte that is known by its place: numbers go round at 2^32. */
  sequence: number
  place: number
  /** Whether something came before the first segment, or there was no room for another range. */
  isUnread: boolean
}

/**
 * Follows what comes on TCP connections. A receiver, and tshark as well, does not read what is behind a gap until that is
 * filled.
 */
export class StreamGaps {
  /** Whether there were more connections than are followed. */
  full = false
  readonly #ways = new Map<string, Way>()
  #ranges = 0

  /** @returns whether the packet has data of a connection that was not there before */
  add(packet: Packet): boolean {
    const length = packet.number('tcp.len')
    const isSyn = (packet.number('tcp.flags') & SYN) !== 0
    if (!isSyn && !(length > 0)) return false
    const sequence = packet.number('tcp.seq_raw') + (isSyn ? 1 : 0)
    const way = this.#wayOf(packet, sequence)
    if (way === undefined) return true
    const start = way.place + ((sequence - way.sequence) | 0)
    way.sequence = sequence
    way.place = start
    if (length === 0) return false
    const isKeepAlive = length === 1 && start === way.came.start - 1
    if (isKeepAlive) return false
    if (start < way.came.start) {
      way.isUnread = true
      return true
    }
    return this.#addTo(way, start, start + length)
  }

  /** The connections with a gap that was never filled, and how many bytes it has, if that is known. */
  get found(): { readonly name: string; readonly missing: number }[] {
    return [...this.#ways.values()]
      .filter(({ came, isUnread }) => isUnread || came.hasGap)
      .map(({ name, came }) => ({ name, missing: came.missing }))
  }

  #addTo(way: Way, start: number, end: number): boolean {
    const isBehindGap = start > way.came.end
    if (isBehindGap && this.#ranges >= MOST_OF_ALL) {
      way.isUnread = true
      return true
    }
    const added = way.came.add(start, end)
    if (added === 'full') way.isUnread = true
    else if (added === 'new' && isBehindGap) this.#ranges++
    return added !== 'known'
  }

  #wayOf(packet: Packet, sequence: number): Way | undefined {
    const key = `${packet.first('tcp.stream')} ${packet.first('tcp.srcport')} ${packet.first('ip.src') ?? packet.first('ipv6.src')}`
    const known = this.#ways.get(key)
    if (known !== undefined) return known
    if (this.#ways.size >= MOST_WAYS) {
      this.full = true
      return undefined
    }
    const came = new ByteRanges(0, MOST_RANGES)
    const way = { name: textOfRoute(routeOf(packet)), came, sequence, place: 0, isUnread: false }
    this.#ways.set(key, way)
    return way
  }
}
