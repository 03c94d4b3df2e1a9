import { describe, expect, test } from 'vitest'
import { bridgeNameOf, deviceNameOf } from '../../xml/interface-names.ts'
import { ownerIn } from '../../daemon/owner-metadata.ts'
import { NetworkXml, sharedNetworkXml, subnetIn } from './network-xml.ts'
import { rangeOf } from '../../../../common/subnet.ts'
import { parseXml } from '../../../../common/xml.ts'
import { childOf, childrenOf, type Element } from '../../../../common/xml-elements.ts'

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

const bridgeIn = (xml: string): string | null | undefined => {
  const root = parseXml(xml).documentElement
  return root === null ? undefined : childOf(root, 'bridge')?.getAttribute('name')
}

test.each(['none', 'nat', 'route', 'open', ''])(
  'a bridge that libvirt makes has another name each: mode "%s"',
  (mode) => {
    const given = `<network><forward mode="${mode}"/><bridge name="mine"/></network>`
    expect(bridgeIn(new NetworkXml(given).for(identifier, [mac], undefined))).toBe('virbr-11111111')
    const without = `<network><forward mode="${mode}"/></network>`
    expect(bridgeIn(new NetworkXml(without).for(identifier, [mac], undefined))).toBe('virbr-11111111')
  },
)

test('a <forward> without a mode is also for one that libvirt makes', () => {
  expect(bridgeIn(new NetworkXml('<network><forward/></network>').for(identifier, [mac], undefined))).toBe(
    'virbr-11111111',
  )
})

test.each(['bridge', 'private', 'vepa', 'passthrough', 'hostdev'])(
  'no bridge is made up where guests are on what the host has: mode "%s"',
  (mode) => {
    const given = `<network><forward mode="${mode}" dev="eth0"/></network>`
    expect(bridgeIn(new NetworkXml(given).for(identifier, [mac], undefined))).toBeUndefined()
  },
)

test('what the user has, and what means nothing to us, stays where it was', () => {
  const kept =
    '<!-- mine --><dns><host ip="10.0.0.9"><hostname>a</hostname></host></dns><x:y xmlns:x="urn:x"/><portgroup name="p"/>'
  const given = `<?xml version="1.0"?><network><uuid>u</uuid>${kept}<name>\n<![CDATA[mine]]></name></network>`
  const xml = new NetworkXml(given).for(identifier, [mac], undefined)
  expect(xml).toBe(
    `<network><uuid>${identifier}</uuid>${kept}<name>${identifier}</name><bridge stp="off" delay="0" name="virbr-11111111"/></network>`,
  )
})

/** The addresses of some interfaces, in the last subnet of all. */
function hostsAtTheEnd(count: number, prefix: number): (string | undefined)[][] {
  const macs = Array.from({ length: count }, (_, index) => `52:54:00:00:00:0${index}`)
  const xml = new NetworkXml('<network/>').for(identifier, macs, rangeOf('255.255.255.255', prefix))
  return Array.from(xml.matchAll(/<host mac="([^"]*)" ip="([^"]*)"/g), ([, at, ip]) => [at, ip])
}

test('each interface has its own address, up to the last one that a subnet has', () => {
  expect(hostsAtTheEnd(5, 29)).toEqual([
    ['52:54:00:00:00:00', '255.255.255.250'],
    ['52:54:00:00:00:01', '255.255.255.251'],
    ['52:54:00:00:00:02', '255.255.255.252'],
    ['52:54:00:00:00:03', '255.255.255.253'],
    ['52:54:00:00:00:04', '255.255.255.254'],
  ])
  expect(() => hostsAtTheEnd(6, 29)).toThrow('no room for the 6 interfaces of the guest')
  expect(() => hostsAtTheEnd(2, 30)).toThrow('no room for the 2 interfaces of the guest')
  expect(() => hostsAtTheEnd(1, 31)).toThrow('no room')
})

test('the subnet of every prefix is written as it is', () => {
  for (let prefix = 0; prefix <= 30; prefix++) {
    const subnet = rangeOf('192.168.77.4', prefix)
    const xml = new NetworkXml('<network/>').for(identifier, [mac], subnet)
    expect([xml.includes(`prefix="${prefix}"`), subnetIn(xml)]).toEqual([true, subnet])
  }
  expect(() => subnetIn('<network/>')).toThrow('no <ip> element')
})

test('the user’s MAC addresses and text cannot break out of where they stand', () => {
  const xml = new NetworkXml('<network/>').for('"/><a>', ['"<&>'], rangeOf('10.0.0.0', 24))
  const network = parseXml(xml).documentElement
  expect(network && childOf(network, 'name')?.textContent).toBe('"/><a>')
  expect(xml).toContain('mac="&quot;&lt;&amp;&gt;"')
})

function within(element: Element | undefined, ...path: readonly string[]): Element | undefined {
  return path.reduce<Element | undefined>((at, name) => at && childOf(at, name), element)
}

describe('a shared network', () => {
  const uuid = 'abcdef01-2222-4333-8444-555555555555'
  const shared = sharedNetworkXml('nat-no-lan', { name: 'see-a', uuid, subnet: rangeOf('10.1.2.0', 24) })
  const network = parseXml(shared).documentElement ?? undefined

  test('has every address beforehand, and gives out no other', () => {
    const dhcp = within(network, 'ip', 'dhcp')
    const hosts = dhcp === undefined ? [] : childrenOf(dhcp, 'host')
    expect(hosts.map((each) => each.getAttribute('ip'))).toEqual(
      Array.from({ length: 253 }, (_, index) => `10.1.2.${index + 2}`),
    )
    expect(new Set(hosts.map((each) => each.getAttribute('mac'))).size).toBe(253)
    expect(dhcp && childOf(dhcp, 'range')).toBeUndefined()
    expect(subnetIn(shared)).toEqual(rangeOf('10.1.2.0', 24))
  })

  test('has one list of options for its name server, by which guests do not hear of each other', () => {
    const namespace = 'http://libvirt.org/schemas/network/dnsmasq/1.0'
    const lists = network === undefined ? [] : childrenOf(network, 'options', namespace)
    expect(lists).toHaveLength(1)
    expect(
      lists
        .flatMap((list) => childrenOf(list, 'option', namespace))
        .map((each) => each.getAttribute('value')),
    ).toEqual(['no-ping', 'dhcp-ignore-names', 'cache-size=0', 'dhcp-lease-max=253'])
  })

  test('is known by its name, UUID and bridge', () => {
    expect(within(network, 'name')?.textContent).toBe('see-a')
    expect(within(network, 'uuid')?.textContent).toBe(uuid)
    expect(within(network, 'bridge')?.getAttribute('name')).toBe('virbr-abcdef01')
    expect(within(network, 'forward')?.getAttribute('mode')).toBe('nat')
  })

  test('names in its metadata the environment that it was made for', () => {
    const owner = { socket: '/s', pid: 7, start: 9, boot: 'b', host: 'h' }
    const maker = { identifier: '11111111-2222-4333-8444-555555555555', owner }
    const xml = sharedNetworkXml('nat', { name: 'b', uuid, subnet: rangeOf('10.1.2.0', 30), maker })
    expect(ownerIn(xml)).toEqual(maker)
    expect(ownerIn(shared)).toBeUndefined()
  })

  test('forwards nothing where it is isolated', () => {
    const isolated = sharedNetworkXml('isolated', { name: 'b', uuid, subnet: rangeOf('10.1.2.0', 30) })
    expect(isolated).not.toContain('<forward')
    expect(isolated.match(/<host /g)).toHaveLength(1)
  })
})

test('the names of devices fit into the kernel’s 15 characters', () => {
  expect([bridgeNameOf(identifier), deviceNameOf(identifier), deviceNameOf(identifier, 1)]).toEqual([
    'virbr-11111111',
    'see-11111111',
    'see-11111111-2',
  ])
  // A domain with a hundred interfaces has no room in PCI.
  expect(deviceNameOf(identifier, 98).length).toBeLessThanOrEqual(15)
})
