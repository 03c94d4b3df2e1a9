import { createWriteStream } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { lchown, lstat, rm } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { z } from 'zod'
import { poll } from '../common/poll.ts'
import { withTimeout } from '../common/with-timeout.ts'
import { ignoreSharedMemory, type Monitor } from '../templates/monitor.ts'

const migration = z.object({
  status: z.string().optional(),
  'error-desc': z.string().optional(),
})

interface FreezeOptions {
  /** A socket of ours, which QEMU has to be able to connect to. */
  readonly socketPath: string
  /** Where the devices' state is to go. */
  readonly statePath: string
  /** A file of QEMU's user. */
  readonly diskFile: string
  /** For each of its steps. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/** Stops a guest and writes the state of its devices to a file. The memory is in its own already. */
export async function freeze(
  monitor: Monitor,
  { socketPath, statePath, diskFile, timeoutMs, signal }: FreezeOptions,
): Promise<void> {
  await monitor.execute('stop', {}, { signal })
  await ignoreSharedMemory(monitor, signal)
  const sockets = new Set<Socket>()
  const server = createServer()
  const written = new Promise<void>((resolve, reject) => {
    server.once('connection', (socket) => {
      sockets.add(socket)
      pipeline(socket, createWriteStream(statePath, { flags: 'wx', mode: 0o600 })).then(resolve, reject)
    })
  })
  written.catch(() => undefined)
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(socketPath, resolve)
    })
    // Another user who could connect would write the state. A QEMU that its guest has taken over may have put a link
    // there.
    const { uid, gid } = await lstat(diskFile)
    await lchown(socketPath, uid, gid)
    await monitor.execute('migrate', { uri: `unix:${socketPath}` }, { signal })
    await untilMigrated(monitor, timeoutMs, signal)
    const late = () => new Error(`QEMU did not end the stream of its state within ${timeoutMs} ms`)
    await withTimeout(timeoutMs, written, late, signal)
  } finally {
    for (const socket of sockets) socket.destroy()
    server.close()
    await rm(socketPath, { force: true })
  }
}

async function untilMigrated(monitor: Monitor, timeoutMs: number, signal: AbortSignal): Promise<void> {
  const ask = async () => {
    const { status, 'error-desc': why } = migration.parse(
      await monitor.execute('query-migrate', {}, { signal }),
    )
    if (status === 'failed' || status === 'cancelled') {
      throw new Error(`QEMU could not write its state: ${why ?? status}`)
    }
    return status === 'completed' ? true : undefined
  }
  await poll(ask, () => new Error(`QEMU did not write its state within ${timeoutMs} ms`), {
    timeoutMs,
    intervalMs: 5,
    signal,
  })
}
