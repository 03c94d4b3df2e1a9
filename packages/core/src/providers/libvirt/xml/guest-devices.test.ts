import { describe, expect, test } from 'vitest'
import { capturePointAt, guestInterfaces, interfacesWithoutDevice } from './guest-devices.ts'

// Every host has the device lo, which stands for a guest's and for its bridge here.
const onNetwork = (target: string, bridge = 'lo') =>
  `<interface type="network"><mac address="52:54:00:AA:00:01"/><source network="n" bridge="${bridge}"/><target dev="${target}"/></interface>`
const domain = (...interfaces: readonly string[]) =>
  `<domain><devices>${interfaces.join('')}</devices></domain>`
const every = { address: undefined, from: 0, isLate: false }

test('an interface with a device on this host can be traced, with what its guest has sent', async () => {
  const { points, untraceable } = await guestInterfaces(domain(onNetwork('lo')), { ...every, isLate: true })
  expect(points).toEqual([{ isLate: true, device: 'lo', packetsSent: expect.any(Function) }])
  expect(points[0]?.packetsSent()).toBeGreaterThanOrEqual(0)
  expect(untraceable).toEqual([])
})

test('on a shared network, the first interface is told apart from others by its address, and only the first', async () => {
  const xml = domain(onNetwork('lo'), onNetwork('lo'))
  const { points } = await guestInterfaces(xml, { ...every, address: '10.0.0.2' })
  expect(points.map(({ shared }) => shared)).toEqual([
    { macAddress: '52:54:00:aa:00:01', address: '10.0.0.2', hostMacAddress: '00:00:00:00:00:00' },
    undefined,
  ])
  const later = await guestInterfaces(xml, { ...every, address: '10.0.0.2', from: 1 })
  expect(later.points.map(({ shared }) => shared)).toEqual([undefined])
})

test.each([
  ['a device elsewhere', onNetwork('see-nowhere'), 'its device see-nowhere is not in the network namespace'],
  ['a device of which the name is but the beginning', onNetwork('l'), 'its device l is not in'],
  [
    'no device yet',
    '<interface type="bridge"><source bridge="br0"/></interface>',
    'type bridge has no device',
  ],
  ['QEMU’s own network', '<interface type="user"/>', 'type user has no device'],
  [
    'one that says a device, and has none',
    '<interface type="user"><target dev="lo"/></interface>',
    'type user has no device',
  ],
  [
    'an assigned card',
    '<interface type="hostdev"><target dev="lo"/></interface>',
    'type hostdev has no device',
  ],
])('an interface of %s cannot be traced, and says why', async (_what, device, why) => {
  const { points, untraceable } = await guestInterfaces(domain(onNetwork('lo'), device), every)
  expect(points).toHaveLength(1)
  expect(untraceable).toEqual([
    { what: expect.stringMatching(/^interface 2 /), why: expect.stringContaining(why) },
  ])
})

test('interfaces before the first that is wanted are left out, and keep their numbers', async () => {
  const xml = domain('<interface type="user"/>', '<interface type="user"/>', '<interface type="user"/>')
  const { untraceable } = await guestInterfaces(xml, { ...every, from: 2 })
  expect(untraceable.map(({ what }) => what)).toEqual(['interface 3 (user)'])
  expect(await guestInterfaces(xml, { ...every, from: 3 })).toEqual({ points: [], untraceable: [] })
})

describe('of a domain that is off', () => {
  test.each([
    ['network', 0],
    ['bridge', 0],
    ['ethernet', 0],
    ['direct', 0],
    ['user', 1],
    ['vhostuser', 1],
    ['hostdev', 1],
    ['client', 1],
    ['', 1],
  ])('an interface of type "%s" has no device later on: %i', (type, count) => {
    expect(interfacesWithoutDevice(domain(`<interface type="${type}"/>`))).toHaveLength(count)
  })
})

test.each([
  { target: 'lo', bridge: undefined, macAddress: '52:54:00:00:00:01' },
  { target: 'lo', bridge: 'lo', macAddress: undefined },
])('without all that tells a guest from others, a device is taken for its own: %j', async (device) => {
  const point = await capturePointAt(device, { address: '10.0.0.2', isLate: false })
  expect(point.shared).toBeUndefined()
})

test('a device that is gone has sent nothing more', async () => {
  const gone = { target: 'see-nowhere', bridge: undefined, macAddress: undefined }
  const point = await capturePointAt(gone, { address: undefined, isLate: false })
  expect(point.packetsSent()).toBe(0)
})
