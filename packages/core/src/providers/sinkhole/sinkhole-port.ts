import { once } from 'node:events'
import { readFile } from 'node:fs/promises'
import { createServer, type Server, type Socket } from 'node:net'
import type { Sinkhole } from './sinkhole.ts'

const HOST = '127.0.0.1'
/** 127.0.0.1, as the kernel writes it: https://docs.kernel.org/networking/proc_net_tcp.html */
const HOST_HEX = '0100007F'
const [LOCAL, REMOTE, USER] = [1, 2, 7]

/**
 * A TCP port of the loopback device at which a QEMU that is not our child reaches its sinkhole. Every user of this host
 * can connect there, so that only those users' connections are taken whose QEMU it may be.
 */
export class SinkholePort {
  readonly port: number
  readonly #server: Server

  private constructor(server: Server, port: number) {
    this.#server = server
    this.port = port
  }

  /** @param users who may connect, by their numbers */
  static async open(sinkhole: Sinkhole, users: readonly number[]): Promise<SinkholePort> {
    const server = createServer((socket) => {
      socket.on('error', () => undefined)
      void take(socket, sinkhole, users)
    })
    server.listen(0, HOST)
    await once(server, 'listening')
    const address = server.address()
    if (address === null || typeof address === 'string') throw new Error('a server has no port')
    return new SinkholePort(server, address.port)
  }

  async close(): Promise<void> {
    await new Promise((closed) => this.#server.close(closed))
  }
}

async function take(socket: Socket, sinkhole: Sinkhole, users: readonly number[]): Promise<void> {
  const user = await userOf(socket).catch(() => undefined)
  if (user !== undefined && users.includes(user)) sinkhole.connect(socket)
  else socket.destroy()
}

/** Whose the other end of a connection is; undefined when it is gone. */
async function userOf({ localPort, remotePort }: Socket): Promise<number | undefined> {
  const lines = (await readFile('/proc/net/tcp', 'latin1'))
    .split('\n')
    .map((line) => line.trim().split(/\s+/))
  const [own, other] = [endOf(localPort), endOf(remotePort)]
  const user = lines.find((line) => line[LOCAL] === other && line[REMOTE] === own)?.[USER]
  return user === undefined ? undefined : Number(user)
}

function endOf(port = 0): string {
  return `${HOST_HEX}:${port.toString(16).toUpperCase().padStart(4, '0')}`
}
