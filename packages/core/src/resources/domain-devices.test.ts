import { expect, test } from 'vitest'
import { firstInterfaceIn, hasConsoleIn, vncServerIn } from './domain-devices.ts'

const domain = (devices: string) => `<domain><devices>${devices}</devices></domain>`

test('finds the first interface of a running domain', () => {
  const running = `<interface type="network">
      <mac address="52:54:00:AA:bb:cc"/><source network="net" portid="x" bridge="virbr7"/><target dev="vnet3"/>
    </interface><interface type="bridge"><source bridge="br0"/></interface>`
  expect(firstInterfaceIn(domain(running))).toEqual({
    macAddress: '52:54:00:aa:bb:cc',
    target: 'vnet3',
    bridge: 'virbr7',
    network: 'net',
  })
})

test('of one that is off, finds what its configuration tells', () => {
  const off = '<interface type="network"><source network="net"/></interface>'
  expect(firstInterfaceIn(domain(off))).toMatchObject({ network: 'net' })
  expect(firstInterfaceIn(domain(off))?.target).toBeUndefined()
  expect(firstInterfaceIn(domain(''))).toBeUndefined()
  expect(firstInterfaceIn('<domain/>')).toBeUndefined()
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
