export type ConnectionErrorCode =
  /** No daemon answers where one was looked for. */
  | 'DAEMON_UNREACHABLE'
  /** The connection ended while it was in use. */
  | 'CONNECTION_LOST'
  /** The connection was closed by this process; calls made after that, or still waiting, fail with this. */
  | 'CONNECTION_CLOSED'
  /** The daemon did not answer a call within the `timeoutMs` of that call. The connection goes on. */
  | 'CALL_TIMEOUT'
  /** The daemon does not let this user in. */
  | 'AUTHENTICATION_REFUSED'
  /** The peer sent what the protocol does not allow. */
  | 'PROTOCOL'
  /** The URI cannot be understood, or asks for what is not supported. */
  | 'URI_INVALID'

/** The connection failed, not the call: what, where, and what to do about it. */
export class LibvirtConnectionError extends Error {
  override name = 'LibvirtConnectionError'
  readonly code: ConnectionErrorCode

  constructor(code: ConnectionErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.code = code
  }
}

/**
 * @param where the daemon's address
 * @param what the rest of a sentence about the daemon: 'closed the connection', for example
 */
export function daemonError(
  code: ConnectionErrorCode,
  where: string,
  what: string,
  cause?: unknown,
): LibvirtConnectionError {
  return new LibvirtConnectionError(code, `The libvirt daemon at ${where} ${what}.`, { cause })
}

/** @param where the URI, or the daemon's address */
export function connectionClosed(where: string): LibvirtConnectionError {
  return new LibvirtConnectionError(
    'CONNECTION_CLOSED',
    `The connection to libvirt at ${where} was closed by this process.`,
  )
}
