import { expect, test } from 'vitest'
import { networkSchema } from './network-schema.ts'
import { libvirtIsolation } from './isolation-plan.ts'

const F = 'forbidden'
const S = 'sunk'
const A = 'allowed'

test.each([
  [{}, { internet: A, host: F, lan: F, metadata: F, dns: A, ipv6: F }],
  [
    { mode: 'nat-no-lan', sharing: 'shared' },
    { internet: A, host: F, lan: F, metadata: F, dns: A, ipv6: F },
  ],
  [{ mode: 'nat' }, { internet: A, host: A, lan: A, metadata: A, dns: A, ipv6: F }],
  [{ mode: 'routed' }, { internet: A, host: A, lan: A, metadata: A, dns: A, ipv6: F }],
  [{ mode: 'isolated' }, { internet: F, host: A, lan: F, metadata: F, dns: A, ipv6: F }],
  [{ mode: 'sinkhole' }, { internet: S, host: F, lan: S, metadata: S, dns: S, ipv6: F }],
  [{ mode: 'none' }, { internet: F, host: F, lan: F, metadata: F, dns: F, ipv6: F }],
])('%j', (network, expected) => {
  expect(libvirtIsolation(networkSchema.parse(network), true)?.expected).toEqual(expected)
})

test('nothing is known of a network of the user’s', () => {
  expect(libvirtIsolation(undefined, true)).toBeUndefined()
  expect(libvirtIsolation(networkSchema.parse({ configuration: 'network.xml' }), true)).toBeUndefined()
})
