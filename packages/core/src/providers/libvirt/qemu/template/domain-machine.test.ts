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

test.each([
  ['generation ID', '<genid>43dc0cf8-809b-4adb-9bea-a9abb5f3d90e</genid>', '43dc', '43dd'],
  ['description of ours', '<metadata><x:a xmlns:x="urn:x">1</x:a></metadata>', '>1<', '>2<'],
  [
    'number that the guest is shown',
    '<sysinfo type="smbios"><system><entry name="uuid">1</entry></system></sysinfo>',
    '>1<',
    '>2<',
  ],
])('another %s is also the same machine', (_what, part, from, to) => {
  const one = guest.replace('</name>', `</name>${part}`)
  const other = one.replace(from, to)
  expect(other).not.toBe(one)
  expect(domainMachine(other)).toEqual(domainMachine(one))
})

test.each([
  ['serial number', '<sysinfo><system><entry name="serial">1</entry></system></sysinfo>', '>1<', '>2<'],
  ['argument', '<q:commandline xmlns:q="urn:q"><q:arg value="-a"/></q:commandline>', '-a', '-b'],
])('another %s is another machine', (_what, part, from, to) => {
  const one = guest.replace('</name>', `</name>${part}`)
  expect(domainMachine(one.replace(from, to)).devices_sha256).not.toBe(domainMachine(one).devices_sha256)
})

test('the variables of its firmware are its own, its loader is not', () => {
  const os = '</type><loader type="pflash">/CODE.fd</loader><nvram>/one.fd</nvram>'
  const one = guest.replace('</type>', os)
  expect(domainMachine(one.replace('/one.fd', '/two.fd'))).toEqual(domainMachine(one))
  expect(domainMachine(one.replace('/CODE.fd', '/OTHER.fd'))).not.toEqual(domainMachine(one))
})

test('how it is indented makes no difference, what its texts say does', () => {
  expect(domainMachine(guest.replaceAll(/>\s+</g, '><'))).toEqual(domainMachine(guest))
  expect(domainMachine(guest.replace('Nehalem', 'Nehalem '))).not.toEqual(domainMachine(guest))
})

test('what is its own of a further interface is not compared', () => {
  const own =
    '<mac address="m"/><source network="n"/><target dev="t"/><port isolated="yes"/><filterref filter="f"/>'
  const withOne = (parts: string) =>
    guest.replace(
      '</devices>',
      `<interface type="network">${parts}<model type="virtio"/></interface></devices>`,
    )
  expect(domainMachine(withOne(own))).toEqual(domainMachine(withOne('')))
  expect(domainMachine(withOne(own))).not.toEqual(domainMachine(guest))
})

test.each([
  ['1', 1],
  ['1024', 1],
  ['1025', 2],
  [' 196608 ', 192],
])('%s KiB are %i MiB', (kib, mib) => {
  expect(domainMachine(guest.replace('196609', kib)).memory_mib).toBe(mib)
})

test('a domain that says little is a machine without names', () => {
  expect(domainMachine('<domain><memory>1</memory></domain>')).toMatchObject({
    machine: '',
    accelerator: '',
    cpu: 'default',
  })
  expect(domainMachine('<domain><cpu mode="host-passthrough"/></domain>').cpu).toBe('host-passthrough')
})

test.each(['<network/>', '<domainsnapshot><domain/></domainsnapshot>'])('%s is no domain', (xml) => {
  expect(() => domainMachine(xml)).toThrow('not <domain>')
  expect(() => bootFilesIn(xml)).toThrow('not <domain>')
})
