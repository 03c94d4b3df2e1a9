import { createSocket, type Socket as DatagramSocket } from 'node:dgram'
import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'
import type { ListenerPorts } from './attempts.ts'

/** How many connections there may be: the guest and others of the network may make as many as they like. */
const MOST_CONNECTIONS = 64
const MOST_BYTES = 64
const CONNECTION_MS = 1000

/** Two ports on all of this host's addresses, of TCP and UDP, that are open for the time of a probe, and send nothing. */
export class HostListener implements AsyncDisposable {
  readonly ports: ListenerPorts
  readonly #server: Server
  readonly #datagrams: DatagramSocket
  readonly #arrived: ReadonlySet<number>

  private constructor(
    server: Server,
    datagrams: DatagramSocket,
    { ports, arrived }: { readonly ports: ListenerPorts; readonly arrived: ReadonlySet<number> },
  ) {
    this.#server = server
    this.#datagrams = datagrams
    this.ports = ports
    this.#arrived = arrived
  }

  /** @param token what counts as the guest's; connections and datagrams that bring something else do not count */
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
    const datagrams = createSocket('udp4')
    datagrams.on('message', (bytes) => note(bytes.toString('latin1', 0, MOST_BYTES), token, arrived))
    datagrams.on('error', () => undefined)
    datagrams.bind(0, '0.0.0.0')
    await once(datagrams, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a listener has a port')
    const ports = { tcp: address.port, udp: datagrams.address().port }
    return new HostListener(server, datagrams, { ports, arrived })
  }

  /** Whether the token came with this number of an attempt, to whatever address. */
  hasArrived(attempt: number): boolean {
    return this.#arrived.has(attempt)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const closed = [once(this.#server, 'close'), once(this.#datagrams, 'close')]
    this.#server.close()
    this.#datagrams.close()
    await Promise.all(closed)
  }
}

/** @returns whether it is the token with a number */
function note(text: string, token: string, arrived: Set<number>): boolean {
  const [, attempt] = new RegExp(`^${token}\\.(\\d{1,3})\\n`).exec(text) ?? []
  if (attempt !== undefined) arrived.add(Number(attempt))
  return attempt !== undefined
}

function receive(socket: Socket, token: string, arrived: Set<number>): void {
  let text = ''
  socket.setTimeout(CONNECTION_MS, () => socket.destroy())
  const most = setTimeout(() => socket.destroy(), CONNECTION_MS)
  socket.on('error', () => undefined)
  socket.on('close', () => clearTimeout(most))
  socket.on('data', (data) => {
    text += data.toString('latin1')
    if (note(text, token, arrived) || text.length > MOST_BYTES) socket.destroy()
  })
}
