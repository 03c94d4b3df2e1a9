import type { DaemonStream } from './daemon-stream.ts'
import { dialUnix } from './unix.ts'
import type { ParsedUri, TransportName } from './uri.ts'

/** One way to reach a daemon, in a file of its own. Throws as {@link dial} does. */
type Transport = (uri: ParsedUri, signal?: AbortSignal) => Promise<DaemonStream>

const transports: Readonly<Record<TransportName, Transport>> = { unix: dialUnix }

/**
 * Connects to the daemon behind a URI, by the transport that the URI names.
 *
 * Throws `LibvirtConnectionError` with code DAEMON_UNREACHABLE, or the signal's reason.
 */
export function dial(uri: ParsedUri, signal?: AbortSignal): Promise<DaemonStream> {
  return transports[uri.transport](uri, signal)
}
