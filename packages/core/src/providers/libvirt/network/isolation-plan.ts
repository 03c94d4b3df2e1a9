import type { IsolationPlan } from '../../../contract/isolation.ts'
import type { NetworkConfiguration } from './network-schema.ts'

type Mode = NonNullable<NetworkConfiguration['mode']>

/** What is expected in each mode. The networks that SEE makes have no IPv6. */
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
    ipv6: 'forbidden',
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
    ipv6: 'forbidden',
  },
  routed: {
    internet: 'allowed',
    host: 'allowed',
    lan: 'allowed',
    metadata: 'allowed',
    dns: 'allowed',
    ipv6: 'forbidden',
  },
}

/** @returns undefined where the user's XML says what the guest is on: nothing is known of it */
export function libvirtIsolation(
  network: NetworkConfiguration | undefined,
  verify: boolean,
): IsolationPlan | undefined {
  if (network === undefined || network.configuration !== undefined) return undefined
  const { mode = 'nat-no-lan' } = network
  return { mode, expected: expectations[mode], hostAddresses: [], verify }
}
