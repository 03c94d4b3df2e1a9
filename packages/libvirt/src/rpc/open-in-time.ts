import type { SignalOptions } from '../common/abort.ts'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import type { KeepaliveOptions } from './keepalive.ts'
import { openConnection } from './open-connection.ts'
import type { RpcConnection } from './rpc-connection.ts'
import { timeoutSignal } from '../common/timeout-signal.ts'
import type { ParsedUri } from '../transport/uri.ts'

const OPEN_TIMEOUT_MS = 30_000

export interface OpeningOptions extends SignalOptions {
  /** Bound of the opening. Default 30 s. */
  readonly timeoutMs?: number | undefined
  /** Default: a ping every 5 s, dead after 5 without an answer. */
  readonly keepalive?: KeepaliveOptions | undefined
}

/** Opens a connection, or says that the daemon did not do so in time. */
export async function openInTime(
  uri: string,
  parsedUri: ParsedUri,
  { timeoutMs = OPEN_TIMEOUT_MS, signal: callerSignal, keepalive }: OpeningOptions,
): Promise<RpcConnection> {
  const timeout = timeoutSignal(timeoutMs)
  const signal = callerSignal === undefined ? timeout : AbortSignal.any([callerSignal, timeout])
  try {
    return await openConnection(parsedUri, { signal, keepalive })
  } catch (cause) {
    if (!timeout.aborted || callerSignal?.aborted === true) throw cause
    throw new LibvirtConnectionError(
      'DAEMON_UNREACHABLE',
      `The libvirt daemon did not open ${uri} within ${timeoutMs} ms; it may be hung: restart it, or give more time.`,
      { cause },
    )
  }
}
