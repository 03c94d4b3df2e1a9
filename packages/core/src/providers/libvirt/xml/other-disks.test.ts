import { expect, test } from 'vitest'
import { otherDisks } from './other-disks.ts'

const xml = `<domain type="qemu"><devices>
  <disk type="file" device="cdrom"><target dev="sda"/></disk>
  <disk type="file"><source file="/first"/><target dev="vda"/></disk>
  <disk type="block" device="lun"><source dev="/dev/sdz"/><target dev="sdb"/></disk>
  <disk type="file" device="disk"><source file="/tools"/><target dev="vdc"/><readonly/></disk>
  <filesystem type="mount"><source dir="/srv"/><target dir="share"/></filesystem>
</devices></domain>`

const named = (others?: 'overlay' | 'read-only' | 'shared') =>
  otherDisks(xml, others).map(({ code, what }) => [code, what])

test('each disk and folder that the guest can write beside its own that no disk hook reads is a warning', () => {
  const folder = ['DISK_NOT_COMPARED', 'the folder share of the domain’s XML']
  const others = [['DISK_NOT_COMPARED', 'the disk sdb of the domain’s XML'], folder]
  expect(named()).toEqual([['DISK_NOT_COMPARED', 'the disk vda of the domain’s XML'], ...others])
  expect(named('shared')).toEqual(others)
  expect(named('read-only')).toEqual([folder])
  expect(named('overlay')).toEqual([folder])
})
