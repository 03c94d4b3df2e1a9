import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** How many connections there may be: the guest and others of the network may make as many as they like. */
const MOST_CONNECTIONS = 64
const MOST_BYTES = 64
const CONNECTION_MS = 1000

/** A port on all of this host's addresses that is open for the time of a probe, and sends nothing. */
export class HostListener implements AsyncDisposable {
  readonly port: number
  readonly #server: Server
  readonly #arrived: ReadonlySet<number>

  private constructor(server: Server, port: number, arrived: ReadonlySet<number>) {
    this.#server = server
    this.port = port
    this.#arrived = arrived
  }

  /** @param token what counts as the guest's; connections that send something else do not count */
  static async open(token: string): Promise<HostListener> {
    const arrived = new Set<number>()
    const server = createServer((socket) => receive(socket, token, arrived))
    server.maxConnections = MOST_CONNECTIONS
    // IPv4 and IPv6; where this host has no IPv6, IPv4.
    server.listen({ port: 0, host: '::', ipv6Only: false })
    try {
      await once(server, 'listening')
    } catch {
      server.listen({ port: 0, host: '0.0.0.0' })
      await once(server, 'listening')
    }
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a listener has a port')
    return new HostListener(server, address.port, arrived)
  }

  /** Whether the token came with this number of an attempt, to whatever address. */
  hasArrived(attempt: number): boolean {
    return this.#arrived.has(attempt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = once(this.#server, 'close')
    this.#server.close()
    await closed
  }
}

function receive(socket: Socket, token: string, arrived: Set<number>): void {
  const line = new RegExp(`^${token}\\.(\\d{1,3})\\n`)
  let text = ''
  socket.setTimeout(CONNECTION_MS, () => socket.destroy())
  const most = setTimeout(() => socket.destroy(), CONNECTION_MS)
  socket.on('error', () => undefined)
  socket.on('close', () => clearTimeout(most))
  socket.on('data', (data) => {
    text += data.toString('latin1')
    const [, attempt] = line.exec(text) ?? []
    if (attempt !== undefined) arrived.add(Number(attempt))
    if (attempt !== undefined || text.length > MOST_BYTES) socket.destroy()
  })
}
