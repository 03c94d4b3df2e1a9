import type { SignalOptions } from '../common/abort.ts'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import { isLibvirtError } from '../protocol/libvirt-error.ts'
import { RpcConnection } from './rpc-connection.ts'
import { dial } from '../transport/dial.ts'
import type { ParsedUri } from '../transport/uri.ts'

// Facts: enum remote_auth_type, and VIR_DRV_FEATURE_PROGRAM_KEEPALIVE.
const AUTH_NONE = 0
const AUTH_POLKIT = 2
const FEATURE_KEEPALIVE = 10
const KEEPALIVE: KeepaliveOptions = { intervalMs: 5000, count: 5 }

export interface OpenOptions extends SignalOptions {
  /** For connections that are never paused; the daemon pings only those that ask for it. */
  readonly keepalive?: KeepaliveOptions | false | undefined
}

/** Connects, authenticates and opens the driver. Closes what it opened when a step fails. */
export async function openConnection(uri: ParsedUri, options: OpenOptions = {}): Promise<RpcConnection> {
  const { signal, keepalive = KEEPALIVE } = options
  const { stream, where } = await dial(uri, signal)
  const connection = new RpcConnection(stream, where, keepalive === false ? KEEPALIVE : keepalive)
  try {
    await authenticate(connection, where, { signal })
    if (keepalive !== false) {
      const { supported } = await connection.call(
        'CONNECT_SUPPORTS_FEATURE',
        { feature: FEATURE_KEEPALIVE },
        { signal },
      )
      if (supported !== 0) connection.startKeepalive()
    }
    await connection.call('CONNECT_OPEN', { name: uri.name, flags: 0 }, { signal })
    return connection
  } catch (error) {
    stream.destroy()
    throw error
  }
}

async function authenticate(connection: RpcConnection, where: string, options: SignalOptions): Promise<void> {
  const { types } = await connection.call('AUTH_LIST', undefined, options)
  if (types.length === 0 || types.includes(AUTH_NONE)) return
  if (!types.includes(AUTH_POLKIT)) {
    throw new LibvirtConnectionError(
      'AUTHENTICATION_REFUSED',
      `The libvirt daemon at ${where} asks for SASL, which is not supported; set auth_unix_rw in libvirtd.conf to "none" or "polkit".`,
    )
  }
  try {
    await connection.call('AUTH_POLKIT', undefined, options)
  } catch (cause) {
    if (!isLibvirtError(cause)) throw cause
    throw new LibvirtConnectionError(
      'AUTHENTICATION_REFUSED',
      `The libvirt daemon at ${where} refuses this user (${cause.message}); run as root, or join the group 'libvirt'.`,
      { cause },
    )
  }
}
