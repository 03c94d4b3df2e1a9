import type { IsolationPlan } from '../../../contract/isolation.ts'
import type { NetworkConfiguration } from '../configuration/network.ts'

const all = (expected: 'allowed' | 'forbidden' | 'sunk') =>
  ({ internet: expected, host: expected, lan: expected, metadata: expected, dns: expected }) as const

/** What is expected in each mode. QEMU's own network has no IPv6 in any of them. */
const expectations: Readonly<Record<NetworkConfiguration['mode'], IsolationPlan['expected']>> = {
  none: { ...all('forbidden'), ipv6: 'forbidden' },
  restricted: { ...all('forbidden'), ipv6: 'forbidden' },
  sinkhole: { ...all('sunk'), host: 'forbidden', ipv6: 'forbidden' },
  user: { ...all('allowed'), ipv6: 'forbidden' },
}

/** @param host the address by which the guest finds this host in its own network */
export function embeddedIsolation(
  { mode, allow }: NetworkConfiguration,
  { host, verify }: { readonly host: string | undefined; readonly verify: boolean },
): IsolationPlan {
  const expected = expectations[mode]
  // Names that are allowed are answered, and all others with a refusal.
  const isNamed = mode === 'restricted' && allow.some(({ name }) => name !== undefined)
  return {
    mode,
    expected: isNamed ? { ...expected, dns: 'allowed' } : expected,
    hostAddresses: host === undefined ? [] : [host],
    verify,
  }
}
