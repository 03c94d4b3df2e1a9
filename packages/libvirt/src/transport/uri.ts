import { LibvirtConnectionError } from '../common/connection-error.ts'

/** The transports of this client, by the names that URIs have for them. Each has its entry in `dial.ts`. */
const transportNames = ['unix'] as const
export type TransportName = (typeof transportNames)[number]

/** Where a libvirt URI leads. */
export interface ParsedUri {
  /** `qemu`, `lxc`, `test`, … */
  readonly driver: string
  /** How the daemon is reached. */
  readonly transport: TransportName
  /** What the daemon is asked to open: the URI without transport and without our own parameters. */
  readonly name: string
  /** The user's own daemon rather than the system's. */
  readonly session: boolean
  /** The socket the URI names itself. */
  readonly socketPath: string | undefined
}

const PATTERN = /^([a-z][a-z0-9]*)(?:\+([a-z0-9]+))?:\/\/([^/?#]*)(\/[^?#]*)?(?:\?([^#]*))?$/

/**
 * Parses `driver[+unix]:///path[?socket=/path/of/socket]`.
 *
 * Throws {@link LibvirtConnectionError} with code URI_INVALID for anything else, and for the transports ssh, tcp, tls
 * and others, which this client does not have yet.
 */
export function parseUri(uri: string): ParsedUri {
  const match = PATTERN.exec(uri)
  const driver = match?.[1]
  if (match === null || driver === undefined) {
    throw invalid(uri, "is not of the form 'driver:///path', such as qemu:///system")
  }
  const [, , transportName = 'unix', host, path = '/'] = match
  const transport = transportNames.find((name) => name === transportName)
  if (transport === undefined) {
    throw invalid(uri, `asks for the transport '${transportName}'; only Unix sockets are supported`)
  }
  if (host !== '') {
    throw invalid(uri, `names the host '${host}'; only daemons of this machine are supported`)
  }
  const parameters = new URLSearchParams(match[5])
  const socketPath = parameters.get('socket') ?? undefined
  if (socketPath !== undefined && !socketPath.startsWith('/')) {
    throw invalid(uri, `names the socket '${socketPath}', which is not an absolute path`)
  }
  parameters.delete('socket')
  const rest = parameters.size > 0 ? `?${parameters.toString()}` : ''
  // The drivers themselves insist on a path: lxc:/// means the system's.
  const name = `${driver}://${driver === 'lxc' && path === '/' ? '/system' : path}${rest}`
  return { driver, transport, name, session: path === '/session', socketPath }
}

function invalid(uri: string, problem: string): LibvirtConnectionError {
  return new LibvirtConnectionError('URI_INVALID', `The libvirt URI '${uri}' ${problem}.`)
}
