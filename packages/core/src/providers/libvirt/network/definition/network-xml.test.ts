import { expect, test } from 'vitest'
import { NetworkXml } from './network-xml.ts'
import { rangeOf } from '../../../../common/subnet.ts'

const identifier = '11111111-2222-4333-8444-555555555555'
const mac = '52:54:00:01:02:03'

test('the network of a mode gives addresses out quickly, and one to the guest', () => {
  const xml = NetworkXml.of('nat').for(identifier, [mac], rangeOf('10.1.2.0', 24))
  expect(xml).toContain(`<name>${identifier}</name><uuid>${identifier}</uuid>`)
  expect(xml).toContain('<forward mode="nat"/>')
  expect(xml).toContain('<bridge stp="off" delay="0" name="virbr-11111111"/>')
  expect(xml).toContain(
    '<ip address="10.1.2.1" prefix="24"><dhcp><range start="10.1.2.2" end="10.1.2.254"/><host mac="52:54:00:01:02:03" ip="10.1.2.2"/></dhcp></ip>',
  )
  expect(xml).toContain('no-ping')
  expect(NetworkXml.of('isolated').for(identifier, [mac], undefined)).not.toContain('<forward')
  expect(NetworkXml.of('routed').for(identifier, [mac], undefined)).toContain('<forward mode="route"/>')
})

test('the smallest subnet has room for one guest', () => {
  const xml = new NetworkXml('<network/>').for(identifier, [mac], rangeOf('10.1.2.4', 30))
  expect(xml).toContain(
    '<ip address="10.1.2.5" prefix="30"><dhcp><range start="10.1.2.6" end="10.1.2.6"/><host mac="52:54:00:01:02:03" ip="10.1.2.6"/></dhcp></ip>',
  )
})

test("the user's bridge keeps its settings and gets a name of its own", () => {
  const xml = new NetworkXml('<network><bridge name="mine" stp="on" delay="4"/><mtu size="9000"/></network>')
  expect(xml.for(identifier, [mac], undefined)).toContain(
    '<bridge name="virbr-11111111" stp="on" delay="4"/><mtu size="9000"/>',
  )
})

test('a bridge of the host keeps its name', () => {
  const text = '<network><forward mode="bridge"/><bridge name="br0"/></network>'
  expect(new NetworkXml(text).for(identifier, [mac], undefined)).toContain('<bridge name="br0"/>')
})

test('says whether it has addresses and DHCP', () => {
  const ip = '<ip address="10.0.0.1" prefix="24"><dhcp><range start="10.0.0.2" end="10.0.0.9"/></dhcp></ip>'
  expect(new NetworkXml('<network/>')).toMatchObject({ hasIp: false, hasDhcp: false })
  expect(new NetworkXml(`<network>${ip}</network>`)).toMatchObject({ hasIp: true, hasDhcp: true })
  expect(new NetworkXml('<network><ip address="10.0.0.1" prefix="24"/></network>')).toMatchObject({
    hasDhcp: false,
  })
})

test('what is not a network is refused', () => {
  expect(() => new NetworkXml('<domain/>')).toThrow('not <network>')
  expect(() => new NetworkXml('<network>')).toThrow()
})

test('a name in another namespace is not the network’s', () => {
  const given = '<network xmlns:x="urn:x"><x:name>x</x:name><x:bridge name="x"/><name>mine</name></network>'
  const xml = new NetworkXml(given).for(identifier, [mac], undefined)
  expect(xml).toContain(
    `<x:bridge name="x"/><name>${identifier}</name><bridge stp="off" delay="0" name="virbr-11111111"/></network>`,
  )
})
