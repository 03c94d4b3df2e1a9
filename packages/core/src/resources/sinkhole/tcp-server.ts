import { type Ends, TcpConnection } from './tcp-connection.ts'
import type { Ipv4 } from './packet.ts'
import { FLAG, plus, readTcp, tcp, type TcpSegment } from './tcp-segment.ts'

/** Connections of one guest at a time. */
const MOST_CONNECTIONS = 512
const IDLE_MS = 120_000
const SWEEP_MS = 10_000

/** Accepts every TCP connection of a guest, to whatever address and port. */
export class TcpServer {
  readonly #connections = new Map<string, TcpConnection>()
  readonly #transmit: (packet: Ipv4) => void
  readonly #accept: (connection: TcpConnection) => void
  readonly #refused: (ends: Ends) => void
  readonly #sweeping: NodeJS.Timeout

  /** @param refused called for a connection for which there is no room */
  constructor(
    transmit: (packet: Ipv4) => void,
    accept: (connection: TcpConnection) => void,
    refused: (ends: Ends) => void,
  ) {
    this.#transmit = transmit
    this.#accept = accept
    this.#refused = refused
    this.#sweeping = setInterval(() => this.#sweep(), SWEEP_MS).unref()
  }

  receive(packet: Ipv4): void {
    const segment = readTcp(packet)
    if (segment === undefined) return
    const ends = {
      guest: packet.source,
      guestPort: segment.sourcePort,
      address: packet.destination,
      port: segment.port,
    }
    const key = `${ends.guest}:${ends.guestPort} ${ends.address}:${ends.port}`
    const connection = this.#connections.get(key)
    if (connection !== undefined) return connection.receive(segment)
    const opens = (segment.flags & (FLAG.syn | FLAG.ack | FLAG.rst)) === FLAG.syn
    if (!opens) return this.#reset(ends, segment)
    if (this.#connections.size >= MOST_CONNECTIONS) {
      this.#refused(ends)
      return this.#reset(ends, segment)
    }
    const made = new TcpConnection(ends, segment, this.#transmit)
    this.#connections.set(key, made)
    made.once('close', () => this.#connections.delete(key))
    this.#accept(made)
  }

  close(): void {
    clearInterval(this.#sweeping)
    for (const connection of this.#connections.values()) connection.destroy()
  }

  #sweep(): void {
    const longAgo = performance.now() - IDLE_MS
    for (const connection of this.#connections.values()) if (connection.latest < longAgo) connection.destroy()
  }

  #reset({ guest, guestPort, address, port }: Ends, segment: TcpSegment): void {
    if ((segment.flags & FLAG.rst) !== 0) return
    const isSyn = (segment.flags & FLAG.syn) !== 0
    this.#transmit(
      tcp(address, guest, {
        sourcePort: port,
        port: guestPort,
        sequence: segment.acknowledged,
        acknowledged: plus(segment.sequence, segment.payload.length + (isSyn ? 1 : 0)),
        flags: FLAG.rst | FLAG.ack,
        window: 0,
        payload: Buffer.alloc(0),
      }),
    )
  }
}
