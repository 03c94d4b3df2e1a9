import type { IsolationPlan } from '../../../contract/isolation.ts'
import { type NetworkConfiguration, placesOf } from '../configuration/network.ts'
import type { Subnet } from '../../../common/guest-subnet.ts'

const all = (expected: 'allowed' | 'forbidden' | 'sunk') =>
  ({ internet: expected, host: expected, lan: expected, metadata: expected, dns: expected }) as const

/** What is expected in each mode. QEMU's own network has no IPv6 in any of them. */
const expectations: Readonly<Record<NetworkConfiguration['mode'], IsolationPlan['expected']>> = {
  none: { ...all('forbidden'), ipv6: 'forbidden' },
  restricted: { ...all('forbidden'), ipv6: 'forbidden' },
  sinkhole: { ...all('sunk'), host: 'forbidden', ipv6: 'forbidden' },
  user: { ...all('allowed'), ipv6: 'forbidden' },
}

/** @param subnet the guest's; undefined when it has no interface */
export function embeddedIsolation(
  { mode, allow }: NetworkConfiguration,
  { subnet, verify }: { readonly subnet: Subnet | undefined; readonly verify: boolean },
): IsolationPlan {
  const expected = expectations[mode]
  // Names that are allowed are answered, and all others with a refusal.
  const isNamed = mode === 'restricted' && allow.some(({ name }) => name !== undefined)
  return {
    mode,
    expected: isNamed ? { ...expected, dns: 'allowed' } : expected,
    isLocal: () => true,
    hasInterface: subnet !== undefined,
    hostAddresses: subnet === undefined ? [] : [subnet.host],
    allowed:
      subnet === undefined
        ? []
        : placesOf(allow).map(({ last, port, target: to }) => ({ address: subnet.address(last), port, to })),
    // Each guest has a network of its own.
    neighbours: [],
    verify,
  }
}
