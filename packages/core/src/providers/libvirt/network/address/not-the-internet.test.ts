import { expect, test } from 'vitest'
import { formatIpv4, parseIpv4, rangeOf } from '../../../../common/subnet.ts'
import { NOT_THE_INTERNET } from './not-the-internet.ts'

const ranges = NOT_THE_INTERNET.map((network) => {
  const [address = '', prefix] = network.split('/')
  return { network, address, prefix: Number(prefix), ...rangeOf(address, Number(prefix)) }
})
const isListed = (address: string) =>
  ranges.some(({ first, last }) => first <= parseIpv4(address) && parseIpv4(address) <= last)

test('the networks are in order and do not overlap, which nft would refuse', () => {
  for (const [index, { network, address, first }] of ranges.entries()) {
    expect([network, address]).toEqual([network, formatIpv4(first)])
    expect(first).toBeGreaterThan(ranges[index - 1]?.last ?? -1)
  }
})

test('no two of them could be one', () => {
  for (const [index, { prefix, first, last }] of ranges.entries()) {
    const next = ranges[index + 1]
    const areHalves = next?.prefix === prefix && rangeOf(formatIpv4(first), prefix - 1).last === next.last
    expect(areHalves && next.first === last + 1).toBe(false)
  }
})

test.each([
  '0.0.0.0',
  '10.255.255.255',
  '100.64.0.0',
  '100.127.255.255',
  '127.0.0.1',
  '169.254.169.254',
  '172.16.0.0',
  '172.31.255.255',
  '192.0.0.255',
  '192.168.0.0',
  '198.19.255.255',
  '224.0.0.1',
  '240.0.0.0',
  '255.255.255.255',
])('%s is not the Internet', (address) => {
  expect(isListed(address)).toBe(true)
})

test.each([
  '1.0.0.0',
  '9.255.255.255',
  '11.0.0.0',
  '100.63.255.255',
  '100.128.0.0',
  '126.255.255.255',
  '128.0.0.0',
  '169.253.255.255',
  '169.255.0.0',
  '172.15.255.255',
  '172.32.0.0',
  '192.0.1.0',
  '192.167.255.255',
  '192.169.0.0',
  '198.17.255.255',
  '198.20.0.0',
  '223.255.255.255',
])('%s is the Internet', (address) => {
  expect(isListed(address)).toBe(false)
})
