import type { Socket } from 'node:net'
import { connectSocket, type QmpClient } from '@see/qemu'
import { hasOpenPort } from './open-port.ts'
import { sockets } from './qemu-arguments.ts'
import type { RunFolder } from '../folder/run-folder.ts'

/** QEMU's end of the port by which a guest gets its identity. */
export async function openIdentityPort(folder: RunFolder, signal: AbortSignal): Promise<Socket> {
  const port = await connectSocket(folder.of(sockets.identity), signal)
  // A caller that waits for an answer notices its end.
  return port.on('error', () => undefined)
}

/** Whether a program of the guest waits there. */
export async function hasOpenIdentityPort(qmp: QmpClient): Promise<boolean> {
  return await hasOpenPort(qmp, sockets.identity)
}
