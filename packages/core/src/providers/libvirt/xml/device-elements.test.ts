import { expect, test } from 'vitest'
import { parseXml, serializeXml } from '../../../common/xml.ts'
import type { Element } from '../../../common/xml-elements.ts'
import { attribute, devicesIn, ensureDevices } from './device-elements.ts'

function rootOf(xml: string): Element {
  const root = parseXml(xml).documentElement
  if (root === null) throw new Error('there is no root')
  return root
}

test('finds devices in their order, in every <devices>, and nowhere else', () => {
  const xml = `<domain xmlns:x="urn:x"><disk n="0"/><devices><disk n="1"/><x:disk n="2"/><!-- <disk n="3"/> --><disk n="4"/></devices>
    <metadata><devices><disk n="5"/></devices></metadata><devices><controller><disk n="6"/></controller><disk n="7"/></devices></domain>`
  expect(devicesIn(xml, 'disk').map((each) => each.getAttribute('n'))).toEqual(['1', '4', '7'])
  expect(devicesIn('<domain/>', 'disk')).toEqual([])
  expect(devicesIn('<domain><devices/></domain>', 'disk')).toEqual([])
})

test.each([
  ['<domain><a/></domain>', '<domain><devices/><a/></domain>'],
  ['<domain><a/><devices/></domain>', '<domain><a/><devices/></domain>'],
  [
    '<domain><devices><a/></devices><b/><devices>1<!-- 2 --><c/></devices><devices><d/></devices></domain>',
    '<domain><devices><a/>1<!-- 2 --><c/><d/></devices><b/></domain>',
  ],
])('there is one <devices> in %s', (xml, expected) => {
  const domain = rootOf(xml)
  expect(ensureDevices(domain).parentNode).toBe(domain)
  expect(serializeXml(domain)).toBe(expected)
})

test('an attribute is found by the first element of each name on the way', () => {
  const device = rootOf('<a n="0"><b><c n="1"/><c n="2"/></b><b><c n="3"/></b><d n=""/></a>')
  expect(attribute(device, ['b', 'c'], 'n')).toBe('1')
  expect(attribute(device, [], 'n')).toBe('0')
  expect(attribute(device, ['d'], 'n')).toBe('')
  expect(attribute(device, ['b', 'c'], 'm')).toBeUndefined()
  expect(attribute(device, ['c'], 'n')).toBeUndefined()
})
