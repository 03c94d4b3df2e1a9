import { SeeError } from '../common/errors.ts'
import { poll } from '../common/poll.ts'
import type { DomainState } from '../contract/transitions.ts'

const TIMEOUT_MS = 120_000

export interface AddressOptions {
  /** How long to wait, in milliseconds; two minutes when not given. */
  readonly timeoutMs?: number
  readonly signal?: AbortSignal
}

export type AddressType = 'ipv4' | 'ipv6'

interface AddressedGuest {
  readonly address: (type: AddressType) => Promise<string | undefined>
  readonly state: () => Promise<DomainState>
  /** Why it does not run. */
  readonly explain: (state: DomainState) => string
}

/** @throws SeeError `ADDRESS_TIMEOUT`, or `GUEST_STOPPED` when the guest is not running */
export function waitForAddress(
  { address, state, explain }: AddressedGuest,
  type: AddressType,
  { timeoutMs = TIMEOUT_MS, signal }: AddressOptions,
): Promise<string> {
  let last: DomainState = 'nostate'
  const ask = async () => {
    const found = await address(type)
    if (found !== undefined) return found
    last = await state()
    if (mayHaveAddress(last)) return undefined
    throw new SeeError('GUEST_STOPPED', `the guest will get no address: ${explain(last)}`)
  }
  const timedOut = () =>
    new SeeError(
      'ADDRESS_TIMEOUT',
      `the guest got no ${type === 'ipv4' ? 'IPv4' : 'IPv6'} address within ${timeoutMs} ms, and is ${last} now; does it boot, and ask for one by DHCP?`,
    )
  return poll(ask, timedOut, { timeoutMs, signal })
}

/** Whether a guest in this state has an address, or may get one. */
export function mayHaveAddress(state: DomainState): boolean {
  return state === 'running' || state === 'paused' || state === 'blocked'
}
