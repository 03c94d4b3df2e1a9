import { once } from 'node:events'
import { createServer, type Server, type Socket } from 'node:net'

/** A loopback address of its own: a client of another test may still ask a port of 127.0.0.1 that was free again. */
export const AGENT_HOST = '127.0.66.1'

/** What comes over one connection: the request's head, and the connection to answer on. */
export type Behaviour = (socket: Socket, head: string) => void

export interface HostileAgent extends AsyncDisposable {
  readonly port: number
  /** The heads of all requests so far. */
  readonly heads: string[]
}

/** A server on the loopback that answers an HTTP request with whatever `behaviour` writes. */
export async function hostileAgent(behaviour: Behaviour): Promise<HostileAgent> {
  const sockets = new Set<Socket>()
  const heads: string[] = []
  const server = createServer((socket) => {
    sockets.add(socket)
    let text = ''
    socket.setEncoding('latin1')
    socket.on('error', () => undefined)
    socket.on('close', () => sockets.delete(socket))
    const read = (part: string): void => {
      text += part
      if (!text.includes('\r\n\r\n')) return
      socket.off('data', read)
      heads.push(text)
      behaviour(socket, text)
    }
    socket.on('data', read)
  })
  server.listen(0, AGENT_HOST)
  await once(server, 'listening')
  return {
    port: portOf(server),
    heads,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

/** An answer in full, as Python's server gives it. */
export function answering(body: unknown, status = '200 OK'): Behaviour {
  const text = typeof body === 'string' ? body : JSON.stringify(body)
  return (socket) => socket.end(`HTTP/1.0 ${status}\r\nContent-type: application/json\r\n\r\n${text}`)
}

export function portOf(server: Server): number {
  const address = server.address()
  if (typeof address === 'object' && address !== null) return address.port
  throw new Error('the server does not listen')
}
