import { expect, test } from 'vitest'
import { bootFilesIn, domainMachine } from './domain-machine.ts'

const guest = `<domain type="qemu">
  <name>one</name>
  <uuid>c7a5fdbd-edaf-9455-926a-d65c16db1809</uuid>
  <memory unit="KiB">196609</memory>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type><kernel>/k</kernel><initrd> /i </initrd></os>
  <cpu mode="custom"><model fallback="forbid">Nehalem</model></cpu>
  <devices>
    <disk type="file"><source file="/one.qcow2"/><target dev="vda"/></disk>
    <disk type="file"><source file="/mine.qcow2"/><target dev="vdb"/></disk>
    <interface type="network"><mac address="52:54:00:00:00:01"/><source network="one"/><model type="virtio"/></interface>
  </devices>
</domain>`

test('says what the machine is', () => {
  expect(domainMachine(guest)).toEqual({
    machine: 'pc-q35-7.2',
    accelerator: 'tcg',
    cpu: 'custom Nehalem',
    memory_mib: 193,
    devices_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
  expect(domainMachine(guest.replace('"qemu"', '"kvm"'))).toMatchObject({ accelerator: 'kvm' })
})

test.each([
  ['name', 'one</name>', 'two</name>'],
  ['identifier', 'c7a5', 'c7a6'],
  ['disk', '/one.qcow2', '/two.qcow2'],
  ['address', '00:01', '00:02'],
  ['network', 'network="one"', 'network="two"'],
])('another %s is the same machine', (_what, from, to) => {
  const other = guest.replace(from, to)
  expect(other).not.toBe(guest)
  expect(domainMachine(other)).toEqual(domainMachine(guest))
})

test('its disk is its own, wherever it stands among others', () => {
  const behind = guest.replace(
    '<disk',
    '<disk type="file" device="cdrom"><source file="/cd.iso"/></disk><disk',
  )
  const { devices_sha256: devices } = domainMachine(behind)
  expect(domainMachine(behind.replace('/one.qcow2', '/two.qcow2')).devices_sha256).toBe(devices)
  expect(domainMachine(behind.replace('/cd.iso', '/dvd.iso')).devices_sha256).not.toBe(devices)
})

test.each([
  ['second disk', '/mine.qcow2', '/yours.qcow2'],
  ['model of the interface', 'model type="virtio"', 'model type="e1000"'],
  ['device', '</devices>', '<rng model="virtio"/></devices>'],
])('another %s is another machine', (_what, from, to) => {
  const { devices_sha256: devices } = domainMachine(guest.replace(from, to))
  expect(devices).not.toBe(domainMachine(guest).devices_sha256)
})

test('finds the files that it boots from', () => {
  expect(bootFilesIn(guest)).toEqual(['/k', '/i'])
  expect(bootFilesIn('<domain><os><type>hvm</type><kernel/></os></domain>')).toEqual([])
  expect(bootFilesIn('<domain/>')).toEqual([])
})
