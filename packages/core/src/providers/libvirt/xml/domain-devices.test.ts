import { expect, test } from 'vitest'
import { describeInterface, hasConsoleIn, interfacesIn, vncServerIn } from './domain-devices.ts'

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
