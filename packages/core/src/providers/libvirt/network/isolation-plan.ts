import type { IsolationPlan } from '../../../contract/isolation.ts'
import { isOnTheInternet } from './address/not-the-internet.ts'
import type { NetworkConfiguration } from './network-schema.ts'

type Mode = NonNullable<NetworkConfiguration['mode']>

/**
 * What is expected in each mode. libvirt takes IPv6 off its bridges; where the host has it put back, the guest finds the
 * host there where it may be reached.
 */
const expectations: Readonly<Record<Mode, IsolationPlan['expected']>> = {
  none: {
    internet: 'forbidden',
    host: 'forbidden',
    lan: 'forbidden',
    metadata: 'forbidden',
    dns: 'forbidden',
    ipv6: 'forbidden',
  },
  sinkhole: {
    internet: 'sunk',
    host: 'forbidden',
    lan: 'sunk',
    metadata: 'sunk',
    dns: 'sunk',
    ipv6: 'forbidden',
  },
  isolated: {
    internet: 'forbidden',
    host: 'allowed',
    lan: 'forbidden',
    metadata: 'forbidden',
    dns: 'allowed',
    ipv6: 'allowed',
  },
  'nat-no-lan': {
    internet: 'allowed',
    host: 'forbidden',
    lan: 'forbidden',
    metadata: 'forbidden',
    dns: 'allowed',
    ipv6: 'forbidden',
  },
  nat: {
    internet: 'allowed',
    host: 'allowed',
    lan: 'allowed',
    metadata: 'allowed',
    dns: 'allowed',
    ipv6: 'allowed',
  },
  routed: {
    internet: 'allowed',
    host: 'allowed',
    lan: 'allowed',
    metadata: 'allowed',
    dns: 'allowed',
    ipv6: 'allowed',
  },
}

interface GuestsPlace {
  readonly hasInterface: boolean
  /** The addresses of other guests on the same network. */
  readonly neighbours: readonly string[]
  readonly verify: boolean
}

/** @returns undefined where the user's XML says what the guest is on: nothing is known of it */
export function libvirtIsolation(
  network: NetworkConfiguration | undefined,
  place: GuestsPlace,
): IsolationPlan | undefined {
  if (network === undefined || network.configuration !== undefined) return undefined
  const { mode = 'nat-no-lan' } = network
  return {
    mode,
    expected: expectations[mode],
    // What has a public address is the Internet to the firewall, also next to this host.
    isLocal: (address) => !isOnTheInternet(address),
    hostAddresses: [],
    allowed: [],
    ...place,
  }
}
