import { expect, test } from 'vitest'
import { parseXml } from '../../../../common/xml.ts'
import { whyUnjailed } from './why-unjailed.ts'

const domain = (content: string) => `<domain type="qemu">${content}</domain>`
const ARGUMENTS =
  '<q:commandline xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0"><q:arg value="-s"/></q:commandline>'

function whyOf(content: string, users = domain('')): string | undefined {
  const root = parseXml(domain(content)).documentElement
  return root === null ? expect.fail('no domain') : whyUnjailed(root, users)
}

const device = (content: string) => `<devices>${content}</devices>`

test.each([
  '',
  ARGUMENTS,
  device('<emulator>/usr/bin/qemu-system-x86_64</emulator><emulator>/usr/libexec/qemu-kvm</emulator>'),
  device('<disk device="cdrom"/><disk type="file"><source file="/a.iso"/></disk>'),
  device('<disk type="file"><driver type="qcow2"/><source file="/a"/><backingStore/></disk>'),
  device('<interface type="network"/><interface type="user"/><graphics type="vnc"/><audio type="none"/>'),
  device('<serial type="pty"/><channel type="unix"/><tpm model="tpm-crb"/><vsock/><watchdog/>'),
  '<memoryBacking><locked/></memoryBacking>',
])('what has a jail: %s', (content) => {
  expect(whyOf(content)).toBeUndefined()
})

test.each([
  [device('<hostdev mode="subsystem"/>'), /<hostdev>/],
  [device('<filesystem type="mount"/>'), /<filesystem>/],
  [device('<emulator>/opt/qemu</emulator>'), /<emulator> of its own/],
  [device('<emulator>/usr/bin/kvm</emulator>'), /<emulator> of its own/],
  [device('<disk type="network"/>'), /<disk> of type network/],
  [device('<disk type="file"><driver type="qcow2"/><source file="/a"/></disk>'), /format qcow2/],
  [device('<interface type="vhostuser"/>'), /<interface> of type vhostuser/],
  [device('<serial type="tcp"/>'), /<serial> of type tcp/],
  [device('<graphics type="sdl"/>'), /<graphics> of type sdl/],
  [device('<graphics type="spice"><gl enable="yes"/></graphics>'), /<gl>/],
  [device('<audio type="alsa"/>'), /<audio> of type alsa/],
  [device('<video><driver name="vhostuser"/></video>'), /<video>/],
  ['<launchSecurity type="sev"/>', /<launchSecurity>/],
  ['<memoryBacking><hugepages/></memoryBacking>', /<memoryBacking>/],
])('what has none: %s', (content, why) => {
  expect(whyOf(content)).toMatch(why)
})

test('arguments of QEMU that the user wrote stand in the way; those of SEE do not', () => {
  expect(whyOf('', domain(ARGUMENTS))).toMatch(/arguments of QEMU/)
})
