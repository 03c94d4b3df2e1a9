import { expect, test } from 'vitest'
import { parseXml } from '../../../../common/xml.ts'
import { networkOf, withJail } from './jailed-domain.ts'

const jail = { emulator: '/jail/qemu', network: 'own', readable: ['/a b', '/c'], writable: ['/d'] } as const

test('libvirt starts the program that jails QEMU, with the guest’s files beside what QEMU gets', () => {
  const args =
    '<q:commandline xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"><q:arg value="-s"/></q:commandline>'
  const devices = '<devices><emulator>/usr/bin/qemu-system-x86_64</emulator></devices>'
  for (const xml of [`<domain>${devices}${args}</domain>`, `<domain>${devices}</domain>`, '<domain/>']) {
    const jailed = withJail(xml, jail)
    expect(jailed.match(/<emulator>[^<]*/g)).toEqual(['<emulator>/jail/qemu'])
    const variables = Array.from(
      jailed.matchAll(/env name="([^"]*)" value="([^"]*)"/g),
      ([, ...pair]) => pair,
    )
    expect(variables).toEqual([
      ['SEE_JAIL_READ', '/a b:/c'],
      ['SEE_JAIL_WRITE', '/d'],
      ['SEE_JAIL_NETWORK', 'own'],
    ])
    expect(jailed.includes('value="-s"')).toBe(xml.includes('value="-s"'))
  }
})

test.each([
  ['<interface type="network"/><graphics type="vnc"><listen type="socket"/></graphics>', 'own'],
  ['<graphics type="vnc" socket="/s"/><graphics type="spice"><listen type="none"/></graphics>', 'own'],
  ['<graphics type="vnc"/>', 'host'],
  ['<graphics type="spice"><listen type="address" address="127.0.0.1"/></graphics>', 'host'],
  ['<interface type="client"><source address="127.0.0.1" port="1"/></interface>', 'host'],
  ['<interface type="user"/>', 'host'],
])('with %s QEMU is on its network: %s', (devices, network) => {
  const root = parseXml(`<domain><devices>${devices}</devices></domain>`).documentElement
  expect(root === null ? undefined : networkOf(root)).toBe(network)
})
