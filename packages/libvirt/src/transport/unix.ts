import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { onAbort } from '../common/abort.ts'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import type { DaemonStream } from './daemon-stream.ts'
import { spawnSessionDaemon } from './session-daemon.ts'
import { findSocketPath, isUserSession } from './socket-path.ts'
import type { ParsedUri } from './uri.ts'

/**
 * Connects to the socket of the daemon behind a URI; for a user's session it starts a daemon if none is there.
 *
 * Throws {@link LibvirtConnectionError} with code DAEMON_UNREACHABLE, or the signal's reason.
 */
export async function dialUnix(uri: ParsedUri, signal?: AbortSignal): Promise<DaemonStream> {
  const where = findSocketPath(uri)
  try {
    return { stream: await connectUnix(where, signal), where }
  } catch (error) {
    signal?.throwIfAborted()
    if (!isUserSession(uri) || !isNoListener(error)) throw unreachable(uri, where, error)
    return { stream: await spawnSessionDaemon(where, () => connectUnix(where, signal), signal), where }
  }
}

/** Whether a connection failed because no daemon listens, rather than because we may not connect. */
function isNoListener(error: unknown): boolean {
  return ['ENOENT', 'ECONNREFUSED'].includes(errnoCode(error))
}

async function connectUnix(path: string, signal?: AbortSignal): Promise<Socket> {
  signal?.throwIfAborted()
  const socket = connect(path)
  const stopListening = onAbort(signal, (reason) => socket.destroy(reason))
  try {
    await once(socket, 'connect')
    return socket
  } finally {
    stopListening()
  }
}

function unreachable(uri: ParsedUri, path: string, cause: unknown): LibvirtConnectionError {
  const advice =
    errnoCode(cause) === 'EACCES'
      ? "this user may not open it: run as root or join the group 'libvirt'"
      : `no daemon listens there: start it ('systemctl start libvirtd', or 'virtlogd -d; libvirtd -d' as root)`
  return new LibvirtConnectionError(
    'DAEMON_UNREACHABLE',
    `Cannot reach libvirt for ${uri.name} at ${path}; ${advice}.`,
    {
      cause,
    },
  )
}

function errnoCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : ''
}
