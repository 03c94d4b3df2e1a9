import { type Endpoint, routeOf } from './conversation.ts'
import { BoundedTally } from './bounded-tally.ts'
import type { Packet } from './packet.ts'
import { shortTextOrNull } from './short-text.ts'

/** RFC 8446. */
const CLIENT_HELLO = '1'

export interface TlsName {
  /** As the client gave it; null when it gave none, or encrypted it. */
  readonly server_name: string | null
  readonly server: Endpoint
  connections: number
}

/** The servers that a guest greeted by TLS. */
export class TlsNames {
  readonly #names: BoundedTally<TlsName>

  /** @param limit servers that are kept at most */
  constructor(limit: number) {
    this.#names = new BoundedTally(limit)
  }

  /** Whether there was more than is kept. */
  get full(): boolean {
    return this.#names.full
  }

  get values(): TlsName[] {
    return this.#names.values
  }

  add(packet: Packet): void {
    const server = routeOf(packet).destination
    const hellos = packet.all('tls.handshake.type').filter((type) => type === CLIENT_HELLO).length
    const given = packet.all('tls.handshake.extensions_server_name')
    for (let index = 0; index < Math.max(hellos, given.length); index++) {
      const server_name = shortTextOrNull(given[index])
      const entry = this.#names.at([server_name, server], () => ({ server_name, server, connections: 0 }))
      if (entry !== undefined) entry.connections++
    }
  }
}
