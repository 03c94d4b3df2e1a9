import { expect, test } from 'vitest'
import { guestSubnetAt } from '../../../common/guest-subnet.ts'
import { networkSchema } from '../configuration/network.ts'
import { embeddedIsolation } from './isolation-plan.ts'

const allow = [{ name: 'updates.example', port: 80, to: '127.0.0.1:8080' }]
const place = { address: '10.128.2.101', port: 80, to: { host: '127.0.0.1', port: 8080 } }
const subnet = guestSubnetAt('10.128.2.0/24')
const F = 'forbidden'
const S = 'sunk'
const A = 'allowed'

test.each([
  [{ mode: 'none' }, { internet: F, host: F, lan: F, metadata: F, dns: F, ipv6: F }],
  [{ mode: 'restricted' }, { internet: F, host: F, lan: F, metadata: F, dns: F, ipv6: F }],
  [
    { mode: 'restricted', allow },
    { internet: F, host: F, lan: F, metadata: F, dns: A, ipv6: F },
  ],
  [{ mode: 'sinkhole' }, { internet: S, host: F, lan: S, metadata: S, dns: S, ipv6: F }],
  [{ mode: 'user' }, { internet: A, host: A, lan: A, metadata: A, dns: A, ipv6: F }],
])('%j', (network, expected) => {
  const plan = embeddedIsolation(networkSchema.parse(network), { subnet, verify: true })
  const allowed = 'allow' in network ? [place] : []
  const facts = { hasInterface: true, hostAddresses: ['10.128.2.2'], allowed, neighbours: [] }
  expect(plan).toMatchObject({ mode: network.mode, expected, ...facts, verify: true })
})
