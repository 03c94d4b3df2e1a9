import { readFile } from 'node:fs/promises'
import { connect, createServer, type Server } from 'node:net'
import { join } from 'node:path'

const NAME = /^\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.([0-9a-f]{6})$/
const BOOT_ID = '/proc/sys/kernel/random/boot_id'

/**
 * A socket beside a run folder at which this process listens from before there is the folder until it is gone. The kernel
 * refuses who connects as soon as the process has ended, however it ended; unlike a process's number that is true in every
 * namespace, and never another process's. Not on another host that shares the file system: so the kernel's boot is in
 * the name.
 */
export class OwnerSocket {
  readonly #server: Server

  private constructor(server: Server) {
    this.#server = server
  }

  /** Undefined when there is one already. */
  static async open(path: string): Promise<OwnerSocket | undefined> {
    const server = createServer((socket) => void socket.destroy())
    try {
      await new Promise<void>((resolve, reject) => {
        server.once('error', reject)
        server.listen({ path, exclusive: true }, resolve)
      })
    } catch (error) {
      if (error instanceof Error && 'code' in error && error.code === 'EADDRINUSE') return undefined
      throw error
    }
    return new OwnerSocket(server.unref())
  }

  /** Also removes its file. */
  async close(): Promise<void> {
    await new Promise((resolve) => void this.#server.close(resolve))
  }
}

/** Where the socket of a run folder is. */
export async function ownerSocketPath(parent: string, identifier: string): Promise<string> {
  return join(parent, `.${identifier}.${await thisBoot()}`)
}

/** The identifier in the name of such a socket of this boot; undefined when it is none. */
export async function ownedBy(name: string): Promise<string | undefined> {
  const [, identifier, boot] = NAME.exec(name) ?? []
  return boot === (await thisBoot()) ? identifier : undefined
}

/** Whether no process listens at it any more. */
export async function isRefused(path: string): Promise<boolean> {
  return await new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(false)
    })
    socket.once('error', (error) => resolve('code' in error && error.code === 'ECONNREFUSED'))
  })
}

let boot: Promise<string> | undefined

function thisBoot(): Promise<string> {
  return (boot ??= readFile(BOOT_ID, 'utf8').then((text) => text.slice(0, 6)))
}
