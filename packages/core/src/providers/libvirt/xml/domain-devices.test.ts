import { expect, test } from 'vitest'
import {
  channelIn,
  describeInterface,
  hasConsoleIn,
  hasScreenIn,
  interfacesIn,
  vncServerIn,
} from './domain-devices.ts'

const domain = (devices: string) => `<domain><devices>${devices}</devices></domain>`

test('finds the interfaces of a running domain', () => {
  const running = `<interface type="network">
      <mac address="52:54:00:AA:bb:cc"/><source network="net" portid="x" bridge="virbr7"/><target dev="vnet3"/>
    </interface><interface type="bridge"><source bridge="br0"/></interface>`
  const [first, second] = interfacesIn(domain(running))
  expect(first).toEqual({
    type: 'network',
    macAddress: '52:54:00:aa:bb:cc',
    target: 'vnet3',
    bridge: 'virbr7',
    source: 'net',
  })
  expect(second).toMatchObject({ type: 'bridge', source: 'br0', bridge: 'br0', target: undefined })
})

test('finds what the configuration of a domain says that is off', () => {
  const off = '<interface type="network"><source network="net"/></interface>'
  expect(interfacesIn(domain(off))).toMatchObject([{ source: 'net', target: undefined }])
  expect(interfacesIn(domain(''))).toEqual([])
  expect(interfacesIn('<domain/>')).toEqual([])
})

test('names an interface in a message', () => {
  const [user] = interfacesIn(domain('<interface type="user"/>'))
  expect(user && describeInterface(user, 2)).toBe('interface 2 (user)')
  const [bridged] = interfacesIn(
    domain(
      '<interface type="bridge"><mac address="52:54:00:00:00:01"/><source bridge="b\u001b"/></interface>'.replace(
        '\u001b',
        '&quot;',
      ),
    ),
  )
  expect(bridged && describeInterface(bridged, 1)).toBe('interface 1 (bridge "b\\"", 52:54:00:00:00:01)')
})

test.each([
  ['<serial type="pty"/><console type="pty"/>', true],
  ['<console type="file"/><console type="pty"/>', false],
  ['', false],
])('a console in %s: %s', (devices, expected) => {
  expect(hasConsoleIn(domain(devices))).toBe(expected)
})

test.each([
  [
    '<graphics type="vnc" port="5903"><listen type="address" address="127.0.0.1"/></graphics>',
    '127.0.0.1',
    5903,
  ],
  ['<graphics type="spice"/><graphics type="vnc" port="5900" listen="0.0.0.0"/>', '127.0.0.1', 5900],
  ['<graphics type="vnc" port="5900" listen="::"/>', '::1', 5900],
  ['<graphics type="vnc" port="-1" autoport="yes"/>', '127.0.0.1', undefined],
])('a VNC server in %s', (devices, host, port) => {
  expect(vncServerIn(domain(devices))).toEqual({ host, port })
})

test('no VNC server', () => {
  expect(vncServerIn(domain('<graphics type="spice" port="5900"/>'))).toBeUndefined()
})

test.each([
  [
    '<graphics type="vnc" port="5900" listen="127.0.0.1"><listen type="address" address="::"/></graphics>',
    '::1',
    5900,
  ],
  [
    '<graphics type="vnc" port="5900"><listen type="network" network="n" address="10.0.0.1"/></graphics>',
    '10.0.0.1',
    5900,
  ],
  [
    '<graphics type="vnc" socket="/run/s"><listen type="socket" socket="/run/s"/></graphics>',
    '127.0.0.1',
    undefined,
  ],
  ['<graphics type="vnc" port="5900"/><graphics type="vnc" port="5901"/>', '127.0.0.1', 5900],
  ['<graphics type="vnc" port="0"/>', '127.0.0.1', undefined],
  ['<graphics type="vnc" port="none"/>', '127.0.0.1', undefined],
])('a rare VNC server in %s', (devices, host, port) => {
  expect(vncServerIn(domain(devices))).toEqual({ host, port })
})

test.each([
  ['<video><model type="qxl"/></video>', true],
  ['<video><model type="none"/></video>', false],
  ['<video><model type="none"/></video><video><model type="virtio"/></video>', true],
  ['<video/>', true],
  ['<graphics type="vnc"/>', false],
  ['<!-- <video/> -->', false],
])('a screen in %s: %s', (devices, expected) => {
  expect(hasScreenIn(domain(devices))).toBe(expected)
})

const channel = (name: string, rest: string, path = '/run/a&amp;b') =>
  `<channel type="unix"><source mode="bind" path="${path}"/><target type="virtio" name="${name}" ${rest}/></channel>`

test('a channel is found by its name, with whether the guest has it open', () => {
  const xml = domain(
    channel('org.other.0', 'state="connected"') +
      channel('org.see.0', 'state="disconnected"', '/run/c') +
      channel('org.see.1', 'state="connected"'),
  )
  expect(channelIn(xml, 'org.see.0')).toEqual({ path: '/run/c', isConnected: false })
  expect(channelIn(xml, 'org.see.1')).toEqual({ path: '/run/a&b', isConnected: true })
  expect(channelIn(xml, 'org.see')).toBeUndefined()
})

test('a channel of a guest that is off has no path, and is none', () => {
  const off = '<channel type="unix"><target type="virtio" name="org.see.0"/></channel>'
  expect(channelIn(domain(off), 'org.see.0')).toBeUndefined()
  expect(channelIn(domain('<channel type="spicevmc"/>'), '')).toBeUndefined()
})

test.each([
  [
    '<interface type="direct"><source dev="eth0" mode="bridge"/></interface>',
    { type: 'direct', source: 'eth0', bridge: undefined },
  ],
  ['<interface type="vhostuser"><source type="unix" path="/s"/></interface>', { source: '/s' }],
  [
    '<interface type="network"><source bridge="br0" network="n"/></interface>',
    { source: 'n', bridge: 'br0' },
  ],
  ['<interface/>', { type: 'unknown', source: undefined, macAddress: undefined, target: undefined }],
  [
    '<interface type="user"><x:mac xmlns:x="urn:x" address="a"/><mac address="52:54:00:00:00:0A"/></interface>',
    { macAddress: '52:54:00:00:00:0a' },
  ],
])('what %s is on', (device, expected) => {
  expect(interfacesIn(domain(device))).toMatchObject([expected])
})

test('a name that a terminal would obey is not one that a message has', () => {
  const xml = domain('<interface type="network"><source network="&#x9b;2J&#10;a"/></interface>')
  const [hostile] = interfacesIn(xml)
  expect(hostile && describeInterface(hostile, 3)).toBe(String.raw`interface 3 (network "\u009b2J\na")`)
})
