import { mkdtemp, rm } from 'node:fs/promises'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** A server at a Unix socket that says whatever `serve` makes it say. */
export class FakeServer implements AsyncDisposable {
  readonly path: string
  /** All that came, from each connection. */
  readonly received: string[] = []
  readonly #folder: string
  readonly #sockets = new Set<Socket>()
  readonly #server

  private constructor(folder: string, serve: (socket: Socket, line: string) => void, greeting: string) {
    this.#folder = folder
    this.path = join(folder, 'socket')
    this.#server = createServer((socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => undefined)
      if (greeting !== '') socket.write(greeting)
      socket.setEncoding('latin1').on('data', (text: string) => {
        for (const line of text.split('\n').filter((each) => each !== '')) {
          this.received.push(line)
          serve(socket, line)
        }
      })
    })
  }

  static async start(
    serve: (socket: Socket, line: string) => void,
    { greeting = '' } = {},
  ): Promise<FakeServer> {
    const server = new FakeServer(await mkdtemp(join(tmpdir(), 'see-fake-')), serve, greeting)
    await new Promise<void>((resolve) => void server.#server.listen(server.path, resolve))
    return server
  }

  get connections(): number {
    return this.#sockets.size
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy()
    await new Promise((resolve) => void this.#server.close(resolve))
    await rm(this.#folder, { recursive: true })
  }
}
