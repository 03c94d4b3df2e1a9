import type { Duplex } from 'node:stream'

/** An open stream of bytes to a daemon. */
export interface DaemonStream {
  readonly stream: Duplex
  /** Where it leads, for messages: the path of a socket, for example. */
  readonly where: string
}
