import { expect, test } from 'vitest'
import { networkSchema } from './network-schema.ts'
import { libvirtIsolation } from './isolation-plan.ts'

const place = { hasInterface: true, neighbours: [], verify: true }
const F = 'forbidden'
const S = 'sunk'
const A = 'allowed'

test.each([
  [{}, { internet: A, host: F, lan: F, metadata: F, dns: A, ipv6: F }],
  [
    { mode: 'nat-no-lan', sharing: 'shared' },
    { internet: A, host: F, lan: F, metadata: F, dns: A, ipv6: F },
  ],
  [{ mode: 'nat' }, { internet: A, host: A, lan: A, metadata: A, dns: A, ipv6: A }],
  [{ mode: 'routed' }, { internet: A, host: A, lan: A, metadata: A, dns: A, ipv6: A }],
  [{ mode: 'isolated' }, { internet: F, host: A, lan: F, metadata: F, dns: A, ipv6: A }],
  [{ mode: 'sinkhole' }, { internet: S, host: F, lan: S, metadata: S, dns: S, ipv6: F }],
  [{ mode: 'none' }, { internet: F, host: F, lan: F, metadata: F, dns: F, ipv6: F }],
])('%j', (network, expected) => {
  expect(libvirtIsolation(networkSchema.parse(network), place)?.expected).toEqual(expected)
})

test('nothing is known of a network of the user’s', () => {
  expect(libvirtIsolation(undefined, place)).toBeUndefined()
  expect(libvirtIsolation(networkSchema.parse({ configuration: 'network.xml' }), place)).toBeUndefined()
})
