import { connect } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'

const ATTEMPT_MS = 1000
const AGAIN_MS = 100

/** Waits until a TCP port accepts a connection. */
export async function untilOpen(host: string, port: number, signal: AbortSignal): Promise<void> {
  while (!(await accepts(host, port, signal))) await sleep(AGAIN_MS, undefined, { signal })
}

async function accepts(host: string, port: number, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted()
  return await new Promise<boolean>((resolve) => {
    const socket = connect({ host, port, signal, timeout: ATTEMPT_MS })
    const end = (isOpen: boolean): void => {
      resolve(isOpen)
      socket.destroy()
    }
    socket.once('connect', () => end(true))
    socket.once('timeout', () => end(false))
    socket.once('error', () => end(false))
  })
}
