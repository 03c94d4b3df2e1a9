import { connect, createServer, type Server, type Socket } from 'node:net'
import { SeeError } from '../../../common/errors.ts'

const HOST = '127.0.0.1'
/** libvirt gives its guests the first port that is free from 5900 on, and may lose a race for it. */
const FIRST_PORT = 15_900
const LAST_PORT = 25_899
const MOST_VIEWERS = 16

/** A TCP port of this host that leads to the screen of a QEMU, whose VNC server is at a socket in its run folder. */
export class VncRelay {
  readonly #path: string
  readonly #viewers = new Set<Socket>()
  #server: Server | undefined

  /** @param path of the socket */
  constructor(path: string) {
    this.#path = path
  }

  get host(): string {
    return HOST
  }

  /** Undefined while it does not listen. */
  get port(): number | undefined {
    const address = this.#server?.address()
    return typeof address === 'object' ? address?.port : undefined
  }

  /** Listens from now on. @throws SeeError `HYPERVISOR_FAILED` */
  async open(): Promise<void> {
    if (this.#server !== undefined) return
    for (let port = FIRST_PORT; port <= LAST_PORT; port++) {
      const server = createServer({ allowHalfOpen: true }, (viewer) => this.#relay(viewer))
      server.maxConnections = MOST_VIEWERS
      if (await listens(server, port)) {
        this.#server = server.unref()
        return
      }
    }
    const ports = `${FIRST_PORT} to ${LAST_PORT}`
    throw new SeeError('HYPERVISOR_FAILED', `no TCP port of this host from ${ports} is free for VNC`)
  }

  close(): void {
    this.#server?.close()
    this.#server = undefined
    for (const viewer of this.#viewers) viewer.destroy()
  }

  #relay(viewer: Socket): void {
    const screen = connect({ path: this.#path, allowHalfOpen: true })
    this.#viewers.add(viewer)
    viewer.once('close', () => this.#viewers.delete(viewer))
    for (const [one, other] of [
      [viewer, screen],
      [screen, viewer],
    ] as const) {
      one.on('error', () => other.destroy()).once('close', () => other.destroy())
      one.pipe(other)
    }
  }
}

/** @returns false when another has the port */
async function listens(server: Server, port: number): Promise<boolean> {
  return await new Promise((resolve, reject) => {
    server.once('error', (error) => {
      if ('code' in error && error.code === 'EADDRINUSE') resolve(false)
      else
        reject(new SeeError('HYPERVISOR_FAILED', `VNC cannot be offered: ${error.message}`, { cause: error }))
    })
    server.listen({ host: HOST, port }, () => resolve(true))
  })
}
