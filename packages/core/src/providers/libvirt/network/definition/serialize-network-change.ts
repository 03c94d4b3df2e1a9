/** For releases that wait for their turn: on a busy host, those of dozens of environments take that long together. */
export const TURN_TIMEOUT_MS = 100_000

let last: Promise<unknown> = Promise.resolve()

/**
 * Serializes this process's changes of the host's networks. libvirt never makes two networks at the same time anyway,
 * and changes firewall rules all the while; nft, which starts again whenever a rule was changed while it read them,
 * would take as long as there are others.
 */
export function serializeNetworkChange<Result>(change: () => Promise<Result>): Promise<Result> {
  const result = last.then(change)
  last = result.catch(() => undefined)
  return result
}
