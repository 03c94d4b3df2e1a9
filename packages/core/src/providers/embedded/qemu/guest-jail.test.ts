import { expect, test } from 'vitest'
import { guestSubnetAt } from '../../../common/guest-subnet.ts'
import { embeddedSchema } from '../configuration/configuration.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { guestJail } from './guest-jail.ts'
import type { GuestHardware } from './qemu-arguments.ts'

const folder: RunFolder = {
  path: '/run/guest',
  user: undefined,
  of: (name) => `/run/guest/${name}`,
  give: async () => undefined,
}
const base = { path: '/images/base.qcow2', format: 'qcow2', identity: '' } as const

function hardware(machine: object, network: object, more: Partial<GuestHardware> = {}): GuestHardware {
  return {
    ...embeddedSchema.parse({ machine, network }),
    identifier: 'guest',
    folder,
    subnet: guestSubnetAt('10.200.3.0/24'),
    macAddress: undefined,
    disk: undefined,
    ...more,
  }
}

test('a guest’s QEMU sees its files, every layer of its disk, and its run folder', () => {
  const backing = { ...base, path: '/images/top.qcow2', backing: base }
  const machine = { kernel: '/guest/vmlinuz', initrd: '/guest/initrd' }
  expect(guestJail(hardware(machine, {}, { disk: { backing } }))).toEqual({
    readable: ['/guest/vmlinuz', '/guest/initrd', '/images/top.qcow2', '/images/base.qcow2'],
    writable: ['/run/guest'],
    devices: [],
    hasHostNetwork: false,
  })
})

test('the memory of a template and the device of KVM are added where they are used', () => {
  const memory = { path: '/templates/one/memory', isClone: true }
  expect(guestJail(hardware({ accelerator: 'kvm' }, {}, { memory, disk: { backing: undefined } }))).toEqual({
    readable: [],
    writable: ['/run/guest', '/templates/one/memory'],
    devices: ['/dev/kvm'],
    hasHostNetwork: false,
  })
})

test.each([
  [{ mode: 'none' }, false],
  [{ mode: 'sinkhole' }, false],
  [{ mode: 'restricted', allow: [{ to: '127.0.0.1:80', port: 80 }] }, false],
  [{ mode: 'restricted', forward: [{ host_port: 8022, guest_port: 22 }] }, true],
  [{ mode: 'user' }, true],
])('with the network %j, QEMU is on the network of the host: %s', (network, expected) => {
  expect(guestJail(hardware({}, network)).hasHostNetwork).toBe(expected)
})
