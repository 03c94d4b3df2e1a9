import { expect, test } from 'vitest'
import { parseXml } from '../../../common/xml.ts'
import { childOf } from '../../../common/xml-elements.ts'
import { pciAddress } from './pci-address.ts'

const addressOf = (source: string): string | undefined => {
  const root = parseXml(`<a><hostdev>${source}</hostdev></a>`).documentElement
  const hostdev = root === null ? undefined : childOf(root, 'hostdev')
  return hostdev && pciAddress(hostdev)
}

test.each([
  ['domain="0x0000" bus="0x06" slot="0x02" function="0x0"', '0000:06:02.0'],
  ['domain="0xFFFF" bus="0XfF" slot="0x1f" function="0x7"', 'ffff:ff:1f.7'],
  ['domain="0" bus="10" slot="31" function="7"', '0000:0a:1f.7'],
  // libvirt itself writes 0x08 for it.
  ['bus="010" slot="017" function="07"', '0000:08:0f.7'],
  ['bus="1"', '0000:01:00.0'],
  // A domain of the kernel's may have more digits.
  ['domain="0x10000" bus="1" slot="2" function="3"', '10000:01:02.3'],
])('the kernel’s name of %s', (attributes, expected) => {
  expect(addressOf(`<source><address ${attributes}/></source>`)).toBe(expected)
})

test('the address that the guest sees is another', () => {
  expect(addressOf('<address bus="9"/><source><!-- <address bus="8"/> --><address bus="7"/></source>')).toBe(
    '0000:07:00.0',
  )
})

test('what is no number is the name of no device', () => {
  expect(addressOf('<source><address bus="../x" slot="09"/></source>')).toMatch(/^0000:NaN:/)
  expect(addressOf('')).toBe('0000:00:00.0')
})
