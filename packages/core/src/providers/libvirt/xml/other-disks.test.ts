import { expect, test } from 'vitest'
import { nameOfDisk, otherDisks, otherDisksIn } from './other-disks.ts'

const xml = `<domain type="qemu"><devices>
  <disk type="file" device="cdrom"><target dev="sda"/></disk>
  <disk type="file"><source file="/first"/><target dev="vda"/></disk>
  <disk type="block" device="lun"><source dev="/dev/sdz"/><target dev="sdb"/></disk>
  <disk type="file" device="disk"><source file="/tools"/><target dev="vdc"/><readonly/></disk>
  <filesystem type="mount"><source dir="/srv"/><target dir="share"/></filesystem>
</devices></domain>`

const warned = (others?: 'overlay' | 'read-only' | 'shared') =>
  otherDisks(xml, others).map(({ code, what }) => [code, what])

test('each disk and folder that the guest can write beside its own that no disk hook reads is a warning', () => {
  const folder = ['DISK_NOT_COMPARED', 'the folder share of the domain’s XML']
  const others = [['DISK_NOT_COMPARED', 'the disk sdb of the domain’s XML'], folder]
  expect(warned()).toEqual([['DISK_NOT_COMPARED', 'the disk vda of the domain’s XML'], ...others])
  expect(warned('shared')).toEqual(others)
  expect(warned('read-only')).toEqual([folder])
  expect(warned('overlay')).toEqual([folder])
})

const targetsIn = (devices: string, hasOwnDisk = true) =>
  otherDisksIn(`<domain>${devices}</domain>`, hasOwnDisk).map(nameOfDisk)
const disk = (target: string, attributes = '', children = '') =>
  `<disk ${attributes}><source file="/x"/><target dev="${target}"/>${children}</disk>`
const named = (name: string) => `the disk ${name} of the domain’s XML`

test.each([
  ['a floppy', disk('fda', 'device="floppy"'), ['fda']],
  ['a LUN', disk('sda', 'device="lun"'), ['sda']],
  ['a disk that says what it is', disk('sda', 'device="disk"'), ['sda']],
  ['a CD drive', disk('sda', 'device="cdrom"'), []],
  ['a drive without a source', '<disk device="floppy"><target dev="fda"/></disk>', []],
  ['a disk that is only read', disk('vdb', '', '<readonly/>'), []],
  ['several', disk('vdb') + disk('vdc', 'device="cdrom"') + disk('vdd'), ['vdb', 'vdd']],
])('beside the guest’s own disk there may be %s', (_what, devices, expected) => {
  expect(targetsIn(`<devices>${disk('vda')}${devices}</devices>`)).toEqual(expected.map(named))
})

test('the guest’s own is the first hard disk, wherever it stands', () => {
  const floppy = disk('fda', 'device="floppy"')
  expect(targetsIn(`<devices>${floppy}${disk('vda')}</devices>`)).toEqual([named('fda')])
  expect(targetsIn(`<devices>${disk('vda')}</devices><devices>${disk('vdb')}</devices>`)).toEqual([
    named('vdb'),
  ])
  expect(targetsIn(`<devices>${disk('vda')}</devices>`, false)).toEqual([named('vda')])
  expect(targetsIn('', false)).toEqual([])
})

test('a disk is named in a message, however long its name is, and when it has none', () => {
  expect(targetsIn(`<devices>${disk('x'.repeat(200))}</devices>`, false)).toEqual([named('x'.repeat(100))])
  expect(targetsIn('<devices><disk><source/></disk></devices>', false)).toEqual([named('without a name')])
})
