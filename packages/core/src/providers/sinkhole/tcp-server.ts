import { type Ends, TcpConnection } from './tcp-connection.ts'
import type { Ipv4 } from './packet.ts'
import { FLAG, plus, readTcp, tcp, type TcpSegment } from './tcp-segment.ts'

/** How long a guest may take to confirm that it opened a connection. */
const OPENING_MS = 20_000
const SWEEP_MS = 5000

export interface TcpRules {
  /** Connections of the guest at a time. */
  readonly most: number
  /** Called with each connection that a guest opens, to whatever address and port; it accepts or destroys it. */
  readonly opened: (connection: TcpConnection) => void
  /** Called for a connection for which there is no room. */
  readonly refused: (ends: Ends) => void
  readonly quietMs: number
  /** Called with a connection on which the guest has sent nothing for that long, again and again. */
  readonly quiet: (connection: TcpConnection) => void
}

/** The TCP connections of a guest. */
export class TcpServer {
  readonly #connections = new Map<string, TcpConnection>()
  readonly #transmit: (packet: Ipv4) => void
  readonly #rules: TcpRules
  readonly #sweeping: NodeJS.Timeout

  constructor(transmit: (packet: Ipv4) => void, rules: TcpRules) {
    this.#transmit = transmit
    this.#rules = rules
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
    if (this.#connections.size >= this.#rules.most) {
      this.#rules.refused(ends)
      return this.#reset(ends, segment)
    }
    const made = new TcpConnection(ends, segment, this.#transmit)
    this.#connections.set(key, made)
    made.once('close', () => this.#connections.delete(key))
    this.#rules.opened(made)
  }

  close(): void {
    clearInterval(this.#sweeping)
    for (const connection of this.#connections.values()) connection.destroy()
  }

  #sweep(): void {
    const now = performance.now()
    for (const connection of this.#connections.values()) {
      const quietMs = now - connection.latest
      if (connection.isOpening && quietMs > OPENING_MS) connection.destroy()
      else if (quietMs > this.#rules.quietMs) this.#rules.quiet(connection)
    }
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
