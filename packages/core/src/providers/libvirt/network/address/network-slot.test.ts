import { expect, test } from 'vitest'
import { rangeOf } from '../../../../common/subnet.ts'
import { slotsOf } from './network-slot.ts'

const uuid = '1a2b3c4d-2222-4333-8444-555555555555'

test('places differ in all they have, and fit into the names of interfaces', () => {
  const places = slotsOf(uuid, rangeOf('10.1.0.0', 22))
  expect(places).toHaveLength(253)
  expect(places[0]).toEqual({
    address: '10.1.0.2',
    macAddress: '52:54:00:1a:00:00',
    device: 'see-1a2b3c-0',
  })
  for (const key of ['address', 'macAddress', 'device'] as const) {
    expect(new Set(places.map((place) => place[key])).size).toBe(253)
  }
  expect(Math.max(...places.map(({ device }) => device.length))).toBeLessThanOrEqual(15)
})

test.each([
  [30, 1],
  [24, 253],
  [16, 253],
])('a subnet of prefix %i has %i', (prefix, count) => {
  expect(slotsOf(uuid, rangeOf('10.1.0.0', prefix))).toHaveLength(count)
})
