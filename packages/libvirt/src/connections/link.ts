import type { SignalOptions } from '../common/abort.ts'
import type { ConnectionUser } from './connection-user.ts'
import { openInTime, type OpeningOptions } from '../rpc/open-in-time.ts'
import { OwnConnection } from './own-connection.ts'
import { SharedConnections } from './shared-connections.ts'
import type { ParsedUri } from '../transport/uri.ts'

interface OwnOptions extends OpeningOptions {
  readonly shared?: false | undefined
}

/** Nothing of the opening: the first one would decide for all. */
interface SharedOptions extends SignalOptions {
  /**
   * Shares a connection with all users in this process who open the same URI this way; a further one is opened
   * whenever calls take all places, so that no call waits for another user's. They stay open until the last user
   * closes, and are lost together. Events come by a connection of the user's own, in no order with replies.
   */
  readonly shared: true
}

export type HypervisorOptions = (OwnOptions | SharedOptions) & {
  /** Bound of each call that has no `timeoutMs` of its own, in milliseconds; none when not given. */
  readonly callTimeoutMs?: number | undefined
}

/** What a Hypervisor calls the daemon through. */
export type Link = OwnConnection | ConnectionUser

const shared = new Map<string, SharedConnections>()

/** Opens a connection of one's own, or joins those that are shared. */
export async function openLink(uri: string, parsedUri: ParsedUri, options: HypervisorOptions): Promise<Link> {
  if (options.shared === true) return sharedConnections(uri, parsedUri).join(options.signal)
  return new OwnConnection(await openInTime(uri, parsedUri, options))
}

function sharedConnections(uri: string, parsedUri: ParsedUri): SharedConnections {
  const present = shared.get(uri)
  if (present !== undefined) return present
  const made = new SharedConnections(
    uri,
    (signal) => openInTime(uri, parsedUri, { signal }),
    () => shared.delete(uri),
  )
  shared.set(uri, made)
  return made
}
