import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const PAUSE_MS = 2
/** Linux has room for so many bytes in the name of a socket, and Node cuts a longer one off without a word. */
export const LONGEST_SOCKET_PATH = 107

/** Connects to a Unix socket that may not be there yet, until the signal aborts. @throws the signal's reason */
export async function connectSocket(path: string, signal: AbortSignal): Promise<Socket> {
  if (Buffer.byteLength(path) > LONGEST_SOCKET_PATH) {
    throw new RangeError(`the path ${path} is too long for a socket: at most ${LONGEST_SOCKET_PATH} bytes`)
  }
  for (;;) {
    signal.throwIfAborted()
    const socket = await tryConnect(path)
    if (socket instanceof Error) {
      if (!isNotYetThere(socket)) throw socket
      await sleep(PAUSE_MS)
    } else {
      return socket
    }
  }
}

function tryConnect(path: string): Promise<Socket | Error> {
  return new Promise((resolve) => {
    const socket = connect(path)
    socket.once('error', resolve)
    socket.once('connect', () => {
      socket.off('error', resolve)
      resolve(socket)
    })
  })
}

/** One that listened and ended before it accepted resets its connections. */
function isNotYetThere(error: Error): boolean {
  return 'code' in error && ['ENOENT', 'ECONNREFUSED', 'ECONNRESET'].includes(String(error.code))
}
