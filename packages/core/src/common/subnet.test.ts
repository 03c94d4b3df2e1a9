import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatIpv4, gatewayOf, guestAddressOf, parseIpv4, pickSubnet, rangeOf } from './subnet.ts'

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

test('the last addresses of all are a range like any other', () => {
  const range = rangeOf('255.255.255.255', 24)
  expect([range.first, range.last].map(formatIpv4)).toEqual(['255.255.255.0', '255.255.255.255'])
  expect(rangeOf('255.255.255.255', 32)).toEqual({ first: 0xffffffff, last: 0xffffffff })
  const last = pickSubnet(range, 30, [], () => 0.999_999)
  expect(last === undefined ? undefined : formatIpv4(last)).toBe('255.255.255.252')
})

test('host and guests have the first addresses, in their order', () => {
  const subnet = rangeOf('10.0.0.252', 30)
  expect(formatIpv4(gatewayOf(subnet))).toBe('10.0.0.253')
  expect(formatIpv4(guestAddressOf(subnet))).toBe('10.0.0.254')
  expect(formatIpv4(guestAddressOf(rangeOf('10.0.0.0', 16), 300))).toBe('10.0.1.46')
})

test('a subnet as large as its range is the range, unless any of it is taken', () => {
  const range = rangeOf('10.0.0.0', 24)
  expect(pickSubnet(range, 24, [])).toBe(range.first)
  expect(pickSubnet(range, 24, [rangeOf('10.0.0.255', 32)])).toBeUndefined()
  expect(pickSubnet(range, 24, [rangeOf('10.0.1.0', 32), rangeOf('9.255.255.255', 32)])).toBe(range.first)
  expect(pickSubnet(rangeOf('0.0.0.0', 0), 0, [])).toBe(0)
})

test('the same network taken several times, or in parts that overlap, is taken once', () => {
  const range = rangeOf('10.0.0.0', 22)
  const taken = ['10.0.0.0', '10.0.0.0', '10.0.1.128', '10.0.1.0'].map((address) => rangeOf(address, 24))
  const overlapping = [
    ...taken,
    rangeOf('10.0.0.0', 23),
    { first: range.first + 200, last: range.first + 300 },
  ]
  const picked = [0, 0.49, 0.5, 0.999].map((at) => pickSubnet(range, 24, overlapping, () => at))
  expect(picked.map((each) => formatIpv4(each ?? 0))).toEqual([
    '10.0.2.0',
    '10.0.2.0',
    '10.0.3.0',
    '10.0.3.0',
  ])
})

test('millions of subnets are not counted one by one', () => {
  const last = pickSubnet(rangeOf('0.0.0.0', 0), 30, [rangeOf('0.0.0.0', 1)], () => 0.999_999_999_9)
  expect(last === undefined ? undefined : formatIpv4(last)).toBe('255.255.255.252')
})

test('every address survives being a number', () => {
  fc.assert(
    fc.property(fc.ipV4(), fc.integer({ min: 0, max: 32 }), (address, prefix) => {
      expect(formatIpv4(parseIpv4(address))).toBe(address)
      const { first, last } = rangeOf(address, prefix)
      expect(first <= parseIpv4(address) && parseIpv4(address) <= last).toBe(true)
      expect([first % (last - first + 1), last - first + 1]).toEqual([0, 2 ** (32 - prefix)])
    }),
  )
})
