import { once } from 'node:events'
import { connect, createServer, type Server } from 'node:net'

/**
 * A socket that answers as long as this process lives: the kernel closes it however the process ends. Its number would
 * say less, for another may have it by now.
 */
export async function sayAlive(path: string): Promise<Server> {
  const server = createServer((socket) => socket.destroy())
  server.listen(path)
  await once(server, 'listening')
  return server.unref()
}

/** Whether the process that listens at a path lives. When in doubt it does. */
export async function isAlive(path: string): Promise<boolean> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
    return true
  } catch (error) {
    return !(error instanceof Error && 'code' in error && GONE.has(String(error.code)))
  } finally {
    socket.destroy()
  }
}

const GONE = new Set(['ECONNREFUSED', 'ENOENT'])
