/** For releases that wait for their turn: on a busy host, those of dozens of environments take that long together. */
export const TURN_TIMEOUT_MS = 100_000

let last: Promise<unknown> = Promise.resolve()

/**
 * One change of the host's networks after the other, as far as this process makes them. libvirt makes no two networks at
 * once anyway, and changes firewall rules all the while; nft, which begins anew whenever a rule was changed while it read
 * them, would take as long as there are others.
 */
export function inTurn<Result>(change: () => Promise<Result>): Promise<Result> {
  const result = last.then(change)
  last = result.catch(() => undefined)
  return result
}
