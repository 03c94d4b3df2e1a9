import { connect } from 'node:net'
import { rm } from 'node:fs/promises'
import { z } from 'zod'
import { poll } from '../common/poll.ts'
import { unlessAborted } from '../common/with-timeout.ts'
import { ignoreSharedMemory, type Monitor } from './monitor.ts'

const run = z.object({ status: z.string() })

interface ThawOptions {
  /** A socket that QEMU is to make, and we connect to. */
  readonly socketPath: string
  readonly state: Uint8Array
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Gives a QEMU that was started with `-incoming defer` the state of a frozen guest; then it is as if it was paused. */
export async function thaw(
  monitor: Monitor,
  { socketPath, state, timeoutMs, signal }: ThawOptions,
): Promise<void> {
  await ignoreSharedMemory(monitor, signal)
  await monitor.execute('migrate-incoming', { uri: `unix:${socketPath}` }, { signal })
  try {
    await unlessAborted(signal, send(socketPath, state, signal))
    const ask = async () => {
      const { status } = run.parse(await monitor.execute('query-status', {}, { signal }))
      return status === 'inmigrate' ? undefined : status
    }
    const late = () => new Error(`QEMU did not take over the state within ${timeoutMs} ms`)
    const status = await poll(ask, late, { timeoutMs, intervalMs: 1, signal })
    if (status !== 'paused' && status !== 'prelaunch')
      throw new Error(`after taking it over, QEMU is ${status}`)
  } finally {
    await rm(socketPath, { force: true })
  }
}

async function send(path: string, bytes: Uint8Array, signal: AbortSignal): Promise<void> {
  signal.throwIfAborted()
  const socket = connect(path)
  const abort = (): void => void socket.destroy(signal.reason)
  signal.addEventListener('abort', abort, { once: true })
  try {
    await new Promise<void>((resolve, reject) => {
      socket.once('error', reject)
      socket.end(bytes, resolve)
    })
  } finally {
    signal.removeEventListener('abort', abort)
    socket.destroy()
  }
}
