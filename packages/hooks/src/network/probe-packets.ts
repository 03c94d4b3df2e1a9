import type { ProbeTraffic } from '@see/core'
import { type Endpoint, routeOf } from './conversation.ts'
import type { Packet } from './packet.ts'

/** What only serves the attempts of a probe while it runs. */
const SERVING = new Set(['arp', 'icmp', 'icmpv6'])
/** How long the last packets of a connection may take, in seconds. */
const LAST_SECONDS = 2
const MOST_FLOWS = 1000

type Traffic = Pick<ProbeTraffic, 'name' | 'durationMs' | 'isOurPort' | 'hasTried'>

interface Probe {
  readonly traffic: Traffic
  /** When its first packet passed, by the clock of the trace, which need not be that of this host. */
  began: number | undefined
}

/**
 * Distinguishes the packets of the probes of the isolation from all others, so that they are not counted as the sample's. Only
 * what begins while a probe runs is its: a sample cannot hide in its ports, names or addresses later.
 */
export class ProbePackets {
  packets = 0
  bytes = 0
  readonly #probes: readonly Probe[]
  /** Until when packets of a connection or datagrams between the same ends belong to a probe. */
  readonly #flows = new Map<string, number>()

  constructor(probes: readonly Traffic[]) {
    this.#probes = probes.map((traffic) => ({ traffic, began: undefined }))
  }

  /** Whether a packet is a probe's; it is counted then. */
  take(packet: Packet): boolean {
    if (this.#probes.length === 0 || !this.#isProbes(packet)) return false
    this.packets++
    this.bytes += packet.number('frame.len')
    return true
  }

  #isProbes(packet: Packet): boolean {
    const time = packet.number('frame.time_epoch')
    const { protocol, source, destination } = routeOf(packet)
    const flow = [protocol, ...[source, destination].map(textOf).toSorted()].join(' ')
    const until = this.#flows.get(flow)
    if (until !== undefined && time <= until) return true
    const names = packet.all('dns.qry.name')
    return this.#probes.some((probe) => {
      const { traffic } = probe
      const ends = [source, destination].filter((end) => isTried(traffic, end))
      const isNamed = names.includes(traffic.name)
      if (isNamed || ends.some(({ port }) => port !== undefined && traffic.isOurPort(port)))
        probe.began ??= time
      const over = (probe.began ?? Number.NEGATIVE_INFINITY) + traffic.durationMs / 1000
      if (time > over) return false
      if (SERVING.has(protocol)) return true
      if (!isNamed && ends.length === 0) return false
      if (this.#flows.size < MOST_FLOWS) this.#flows.set(flow, over + LAST_SECONDS)
      return true
    })
  }
}

function isTried(traffic: Traffic, { address, port }: Endpoint): boolean {
  return port !== undefined && traffic.hasTried(address, port)
}

function textOf({ address, port }: Endpoint): string {
  return `${address} ${port ?? ''}`
}
