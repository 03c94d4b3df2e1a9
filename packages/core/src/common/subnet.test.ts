import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIpv4, parseIpv4, pickSubnet, rangeOf } from './subnet.ts'

test('an address survives being a number', () => {
  expect(parseIpv4('10.0.1.2')).toBe(0x0a000102)
  expect(formatIpv4(parseIpv4('255.254.253.252'))).toBe('255.254.253.252')
})

test('a range begins where its prefix does, whatever address named it', () => {
  expect(rangeOf('10.1.2.3', 16)).toEqual({ first: parseIpv4('10.1.0.0'), last: parseIpv4('10.1.255.255') })
  expect(rangeOf('0.0.0.0', 0)).toEqual({ first: 0, last: 0xffffffff })
})

test('what is taken is passed over, also when it is smaller than a subnet or reaches over the range', () => {
  const range = rangeOf('10.0.0.0', 22)
  const taken = [rangeOf('10.0.1.77', 32), rangeOf('10.0.2.0', 23), rangeOf('9.255.255.255', 32)]
  expect(pickSubnet(range, 24, taken, () => 0)).toBe(parseIpv4('10.0.0.0'))
  expect(pickSubnet(range, 24, taken, () => 0.999)).toBe(parseIpv4('10.0.0.0'))
})

test('a full range has nothing to pick', () => {
  expect(pickSubnet(rangeOf('10.0.0.0', 24), 24, [rangeOf('10.0.0.128', 25)])).toBeUndefined()
  expect(pickSubnet(rangeOf('10.0.0.0', 24), 26, [rangeOf('10.0.0.0', 8)])).toBeUndefined()
})

test('the pick is always aligned, inside, and free; and there is one whenever a subnet is free', () => {
  const ranges = fc.record({ address: fc.nat(0xffff), prefix: fc.integer({ min: 20, max: 32 }) })
  fc.assert(
    fc.property(
      fc.array(ranges, { maxLength: 30 }),
      fc.double({ min: 0, max: 0.999999, noNaN: true }),
      (given, at) => {
        const range = rangeOf('10.0.0.0', 20)
        const taken = given.map(({ address, prefix }) =>
          rangeOf(formatIpv4(range.first - 2048 + (address % 8192)), prefix),
        )
        const overlaps = (first: number) =>
          taken.some((each) => each.first <= first + 63 && each.last >= first)
        const subnets = Array.from({ length: 64 }, (_, index) => range.first + index * 64)
        const pick = pickSubnet(range, 26, taken, () => at)
        const free = subnets.filter((first) => !overlaps(first))
        expect(pick === undefined ? free.length === 0 : free.includes(pick)).toBe(true)
      },
    ),
  )
})
