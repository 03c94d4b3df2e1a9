import { describe, expect, test } from 'vitest'
import { parseIpv4, rangeOf } from '../../../../common/subnet.ts'
import { parseXml } from '../../../../common/xml.ts'
import { childElementsOf, childrenOf, type Element } from '../../../../common/xml-elements.ts'
import { NOT_THE_INTERNET } from '../address/not-the-internet.ts'
import { noLanFilterXml } from './no-lan-filter.ts'

const guest = { macAddress: '52:54:00:00:00:01', address: '10.1.2.2' }
const gateway = '10.1.2.1'
const hostAddresses = ['192.168.1.7', '198.51.100.7', '8.8.4.4', '100.128.0.1']
const filter =
  parseXml(noLanFilterXml({ name: 'see-1', gateway, guest, hostAddresses })).documentElement ?? undefined

/** What a guest sends. */
interface Frame {
  readonly mac?: string
  readonly type?: 'ipv4' | 'arp' | 'ipv6'
  readonly from?: string
  /** The MAC address that an ARP message says is its sender's. */
  readonly arpMac?: string
  readonly to?: string
  readonly protocol?: 'udp' | 'tcp' | 'icmp'
  readonly ports?: readonly [number, number]
  readonly isAnswer?: boolean
}

/** Whether a frame is what the attributes of a rule's element say: https://libvirt.org/formatnwfilter.html */
function matches(element: Element, frame: Required<Frame>): boolean {
  const { mac, type, from, arpMac, to, protocol, ports, isAnswer } = frame
  const kind = element.localName ?? ''
  if (kind === 'arp' && type !== 'arp') return false
  if (kind !== 'arp' && kind !== 'mac' && type !== 'ipv4') return false
  if ((kind === 'udp' || kind === 'tcp') && kind !== protocol) return false
  const is: Record<string, (value: string) => boolean> = {
    match: () => true,
    dstipmask: () => true,
    srcmacaddr: (value) => value === mac,
    protocolid: (value) => value === type,
    arpsrcmacaddr: (value) => value === arpMac,
    arpsrcipaddr: (value) => value === from,
    srcipaddr: (value) => value === from,
    dstipaddr(value) {
      const { first, last } = rangeOf(value, Number(element.getAttribute('dstipmask') ?? 32))
      return first <= parseIpv4(to) && parseIpv4(to) <= last
    },
    protocol: (value) => value === protocol,
    srcportstart: (value) => Number(value) === ports[0],
    dstportstart: (value) => Number(value) === ports[1],
    state: () => isAnswer,
  }
  const isMatch = Array.from(element.attributes).every(({ name, value }) => {
    const holds = is[name]
    if (holds === undefined) throw new Error(`the test does not know ${name}`)
    return holds(value)
  })
  return isMatch !== (element.getAttribute('match') === 'no')
}

/** libvirt has rules on frames before those on packets; both have to let a frame pass. */
function passes(sent: Frame): boolean {
  const frame = {
    mac: guest.macAddress,
    type: 'ipv4',
    from: guest.address,
    arpMac: guest.macAddress,
    to: '203.0.113.1',
    protocol: 'tcp',
    ports: [1024, 80],
    isAnswer: false,
    ...sent,
  } as const
  const rules = (filter === undefined ? [] : childrenOf(filter, 'rule')).toSorted(
    (one, other) => Number(one.getAttribute('priority')) - Number(other.getAttribute('priority')),
  )
  const layers = [
    ['mac', 'arp', 'ip'],
    ['all', 'tcp', 'udp'],
  ]
  return layers.every((kinds) => {
    const first = rules.find((rule) =>
      childElementsOf(rule).some((each) => kinds.includes(each.localName ?? '') && matches(each, frame)),
    )
    return first?.getAttribute('action') !== 'drop'
  })
}

test('is one filter of the given name, of which every rule holds for what the guest sends', () => {
  expect([filter?.localName, filter?.getAttribute('name'), filter?.getAttribute('chain')]).toEqual([
    'filter',
    'see-1',
    'root',
  ])
  const rules = filter === undefined ? [] : childrenOf(filter, 'rule')
  expect(new Set(rules.map((rule) => rule.getAttribute('direction')))).toEqual(new Set(['out']))
  expect(rules.every((rule) => childElementsOf(rule).length === 1)).toBe(true)
})

describe('a guest reaches', () => {
  test.each<[string, Frame]>([
    ['the Internet', {}],
    ['the Internet by UDP', { protocol: 'udp', to: '9.255.255.255' }],
    ['the Internet by ping', { protocol: 'icmp', to: '223.255.255.255' }],
    [
      'the host’s DHCP server, from no address',
      { from: '0.0.0.0', to: '255.255.255.255', protocol: 'udp', ports: [68, 67] },
    ],
    ['it again, from its own', { to: gateway, protocol: 'udp', ports: [68, 67] }],
    ['the host’s name server', { to: gateway, protocol: 'udp', ports: [1024, 53] }],
    ['it by TCP', { to: gateway, ports: [1024, 53] }],
    ['who asks for it', { to: gateway, ports: [80, 1024], isAnswer: true }],
    ['its neighbours’ MAC addresses', { type: 'arp' }],
    ['a host that has its address already', { type: 'arp', from: '0.0.0.0' }],
  ])('%s', (_what, frame) => {
    expect(passes(frame)).toBe(true)
  })
})

describe('a guest does not reach', () => {
  test.each<[string, Frame]>([
    ['other ports of the host', { to: gateway }],
    ['them by ping', { to: gateway, protocol: 'icmp' }],
    ['them by the port of a DHCP client', { to: gateway, protocol: 'udp', ports: [68, 68] }],
    ['the host under an address of the Internet', { to: '198.51.100.7' }],
    ['nor as a name server there', { to: '8.8.4.4', protocol: 'udp', ports: [1024, 53] }],
    ['nor as an answer', { to: '100.128.0.1', isAnswer: true }],
    ['anything from another card', { mac: '52:54:00:00:00:02' }],
    [
      'a DHCP server from another card',
      { mac: '52:54:00:00:00:02', from: '0.0.0.0', to: '255.255.255.255', protocol: 'udp', ports: [68, 67] },
    ],
    ['anything from another address', { from: '10.1.2.3' }],
    ['anything from no address', { from: '0.0.0.0' }],
    ['all others at a time', { to: '255.255.255.255', protocol: 'udp', ports: [1024, 67] }],
    ['a group', { to: '224.0.0.251', protocol: 'udp', ports: [5353, 5353] }],
    ['another guest of the subnet', { to: '10.1.2.3' }],
    ['anything by IPv6', { type: 'ipv6' }],
    ['a neighbour as another machine', { type: 'arp', from: gateway }],
    ['a neighbour by a MAC address that is not its own', { type: 'arp', arpMac: '52:54:00:00:00:02' }],
  ])('%s', (_what, frame) => {
    expect(passes(frame)).toBe(false)
  })

  test.each(NOT_THE_INTERNET)('%s, from its first address to its last', (network) => {
    const [address = '', prefix] = network.split('/')
    const { last } = rangeOf(address, Number(prefix))
    const lastAddress = [24, 16, 8, 0].map((shift) => Math.floor(last / 2 ** shift) % 256).join('.')
    expect([passes({ to: address }), passes({ to: lastAddress })]).toEqual([false, false])
  })
})

test('an address of the host is in the filter when no other rule covers it', () => {
  const xml = noLanFilterXml({ name: 'a', gateway, guest, hostAddresses })
  expect(xml).toContain('dstipaddr="198.51.100.7" dstipmask="32"')
  expect(xml).not.toContain('192.168.1.7')
  const without = noLanFilterXml({ name: 'a', gateway, guest, hostAddresses: [] })
  expect(without.match(/dstipmask/g)).toHaveLength(NOT_THE_INTERNET.length)
})
