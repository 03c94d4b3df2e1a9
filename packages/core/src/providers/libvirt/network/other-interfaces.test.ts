import { expect, test } from 'vitest'
import { networkSchema } from './network-schema.ts'
import { interfacesOnNetwork, otherInterfaces } from './other-interfaces.ts'

const domain = (devices: string, rest = '') =>
  `<domain xmlns:qemu="http://libvirt.org/schemas/domain/qemu/1.0"><devices>${devices}</devices>${rest}</domain>`
const first = '<interface type="network"><source network="net"/></interface>'
const whatOf = (xml: string, network: object = { other_interfaces: 'warn' }) =>
  otherInterfaces(xml, networkSchema.parse(network), 'domain.xml').map(({ what }) => what)

const second =
  '<interface type="network"><mac address="52:54:00:00:00:02"/><source network="default"/></interface>'

test.each([
  ['a second interface', second, 'interface 2 (network "default", 52:54:00:00:00:02)'],
  ['an interface of QEMU’s own network', '<interface type="user"/>', 'interface 2 (user)'],
  [
    'a vhost-user interface',
    '<interface type="vhostuser"><source type="unix" path="/run/s" mode="client"/></interface>',
    'interface 2 (vhostuser "/run/s")',
  ],
  ['an assigned card', '<interface type="hostdev"/>', 'interface 2 (hostdev)'],
  [
    'a PCI device that cannot be looked at',
    '<hostdev mode="subsystem" type="pci"><source><address domain="0xffff" bus="0xff" slot="0x1f" function="0x7"/></source></hostdev>',
    'the PCI device ffff:ff:1f.7 of the host, a network card',
  ],
  [
    'a USB device',
    '<hostdev mode="subsystem" type="usb"/>',
    'a USB device of the host, which may be a network card',
  ],
  ['a container’s device', '<hostdev mode="capabilities" type="net"/>', 'a network device of the host'],
  ['a vsock', '<vsock model="virtio"/>', 'the vsock device, which leads to the host'],
])('warns of %s', (_what, device, expected) => {
  expect(whatOf(domain(first + device))).toEqual([expected])
})

test.each(['-netdev', '-nic', '-net', '--netdev', '--nic', '--net'])(
  'warns of QEMU’s argument %s, which makes an interface',
  (argument) => {
    const line = `<qemu:commandline><qemu:arg value="${argument}"/><qemu:arg value="user,id=x"/></qemu:commandline>`
    expect(whatOf(domain(first, line))).toEqual([`QEMU's argument ${argument}`])
  },
)

test('is silent of other arguments, and of those that QEMU is not given', () => {
  const other = '<qemu:arg value="-name"/><qemu:arg value="guest=-net"/><qemu:arg/>'
  const foreign = '<x:commandline xmlns:x="urn:x"><x:arg value="-net"/></x:commandline>'
  const lines = `<qemu:commandline>${other}</qemu:commandline>${foreign}<commandline><arg value="-net"/></commandline>`
  expect(whatOf(domain(first, lines))).toEqual([])
})

test('is silent where there is nothing else, or nothing is promised', () => {
  expect(whatOf(domain(first))).toEqual([])
  expect(otherInterfaces(domain(first + second), undefined, 'domain.xml')).toEqual([])
})

test('the mode "none" removes interfaces, but not cards of the host', () => {
  expect(whatOf(domain(first + second), { mode: 'none' })).toEqual([])
  const card = '<hostdev mode="capabilities" type="net"/>'
  expect(whatOf(domain(card), { mode: 'none' })).toEqual(['a network device of the host'])
})

test('is silent of interfaces that are put on the network, but not of what cannot be', () => {
  const card = '<hostdev mode="capabilities" type="net"/>'
  expect(whatOf(domain(first + second + card), {})).toEqual(['a network device of the host'])
  expect(interfacesOnNetwork(domain(first + second), networkSchema.parse({}))).toBe(2)
  expect(interfacesOnNetwork(domain(first + second), networkSchema.parse({ other_interfaces: 'warn' }))).toBe(
    1,
  )
  expect(interfacesOnNetwork(domain(first + second), undefined)).toBe(1)
})

test('a sinkhole has no room for a second one, which may stay outside if the configuration says so', () => {
  expect(() => whatOf(domain(first + second), { mode: 'sinkhole' })).toThrow(
    expect.objectContaining({
      code: 'NETWORK_INVALID',
      message: expect.stringContaining('more than one interface'),
    }),
  )
  expect(whatOf(domain(first + second), { mode: 'sinkhole', other_interfaces: 'warn' })).toHaveLength(1)
  expect(whatOf(domain(first), { mode: 'sinkhole' })).toEqual([])
})

test('refuses them if the configuration says so, and names them', () => {
  expect(() => whatOf(domain(first + second), { other_interfaces: 'refuse' })).toThrow(
    expect.objectContaining({
      code: 'NETWORK_INVALID',
      message: expect.stringMatching(/domain\.xml.*interface 2 \(network "default"/),
    }),
  )
  expect(whatOf(domain(first), { other_interfaces: 'refuse' })).toEqual([])
})
