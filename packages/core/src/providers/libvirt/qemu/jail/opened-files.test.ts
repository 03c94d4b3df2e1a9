import { expect, test } from 'vitest'
import { parseXml } from '../../../../common/xml.ts'
import { openedFiles } from './opened-files.ts'

function filesOf(content: string) {
  const root = parseXml(`<domain>${content}</domain>`).documentElement
  return root === null ? expect.fail('no domain') : openedFiles(root, 'ID')
}

test('disks are written, and read only where they are read-only, as all their bases are', () => {
  const base =
    '<backingStore><source file="/b"/><backingStore><source file="/c"/><backingStore/></backingStore></backingStore>'
  const disks = [
    `<disk><source file="/a"/>${base}</disk>`,
    '<disk device="cdrom"><source file="/d.iso"/></disk>',
    '<disk><source file="/e"/><readonly/></disk>',
    '<disk type="block"><source dev="/dev/sdb"/></disk>',
    '<disk device="cdrom"/>',
  ]
  expect(filesOf(`<devices>${disks.join('')}</devices>`)).toEqual({
    readable: ['/d.iso', '/e', '/b', '/c'],
    writable: ['/a'],
  })
})

test('what is booted, as elements and as arguments, tables and ROMs are read', () => {
  const args = ['-kernel', '/k2', '-initrd', '/i2', '-append', '/not'].map(
    (each) => `<q:arg value="${each}"/>`,
  )
  const { readable } = filesOf(
    '<os><kernel>/k</kernel><initrd> /i </initrd><cmdline>/not</cmdline><acpi><table>/t</table></acpi></os>' +
      '<sysinfo type="fwcfg"><entry name="n" file="/f"/><entry name="m">/not</entry></sysinfo>' +
      '<devices><interface><rom file="/r"/></interface><rng><backend>/dev/random</backend></rng></devices>' +
      `<q:commandline xmlns:q="http://libvirt.org/schemas/domain/qemu/1.0">${args.join('')}</q:commandline>`,
  )
  expect(readable.toSorted()).toEqual(['/f', '/i', '/i2', '/k', '/k2', '/r', '/t'])
})

test('firmware comes with its variables, wherever libvirt puts them', () => {
  expect(filesOf('<os firmware="efi"/>')).toEqual({
    readable: ['/usr/share'],
    writable: ['/var/lib/libvirt/qemu/nvram/ID_VARS.fd', '/var/lib/libvirt/qemu/nvram/ID_VARS.qcow2'],
  })
  const own = filesOf('<os><loader>/opt/code.fd</loader><nvram>/pool/vars.fd</nvram></os>')
  expect(own.readable).toEqual(['/opt/code.fd', '/usr/share'])
  expect(own.writable[0]).toBe('/pool/vars.fd')
})
