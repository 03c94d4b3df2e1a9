import { expect, test } from 'vitest'
import { guestSubnetAt } from '../../../common/guest-subnet.ts'
import type { Monitor } from '../../../templates/monitor.ts'
import { embeddedSchema } from '../configuration/configuration.ts'
import { qemuArguments } from './qemu-arguments.ts'
import { templateMachine } from './template-machine.ts'

const monitor: Monitor = {
  execute: async () => ({ qemu: { major: 7, minor: 2, micro: 22 }, package: 'Debian 1:7.2' }),
}

interface Given {
  readonly machine?: object
  readonly network?: object
  readonly identifier?: string
  readonly mac?: string | undefined
  readonly hasDisk?: boolean
  readonly isClone?: boolean
}

async function machineOf({
  machine = {},
  network = {},
  identifier = 'a',
  hasDisk = true,
  isClone = false,
  ...given
}: Given = {}) {
  const configuration = embeddedSchema.parse({ machine, network })
  const path = `/run/${identifier}, -device=${identifier}`
  const argv = qemuArguments({
    identifier,
    folder: { path, user: undefined, of: (name) => `${path}/${name}`, give: async () => undefined },
    machine: configuration.machine,
    network: configuration.network,
    subnet: guestSubnetAt(isClone ? '10.200.4.0/24' : '10.200.3.0/24'),
    macAddress: 'mac' in given ? given.mac : '52:54:00:01:02:03',
    disk: hasDisk ? { backing: undefined } : undefined,
    memory: { path: `${path}/memory`, isClone },
    hasLent: isClone,
  })
  return await templateMachine(monitor, argv, configuration.machine)
}

test('says what the machine is', async () => {
  expect(await machineOf({ machine: { memory: 64, cpu: 'qemu64', machine: 'q35' } })).toEqual({
    provider: 'embedded',
    libvirt_version: null,
    qemu_version: '7.2.22 Debian 1:7.2',
    machine: 'q35',
    accelerator: 'tcg',
    cpu: 'qemu64',
    host_cpu: null,
    memory_mib: 64,
    devices_sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
  })
})

test.each<[string, Given]>([
  ['a clone, elsewhere', { identifier: 'b', isClone: true }],
  ['another address', { mac: '52:54:00:ff:ff:ff' }],
  ['what it may reach', { network: { mode: 'user' } }],
  ['where its frames go', { network: { mode: 'sinkhole' } }],
  ['what it is allowed', { network: { allow: [{ name: 'a', port: 1 }] } }],
  ['a screen that is shown', { machine: { vnc: true } }],
])('what the guest does not see is no other list of devices: %s', async (_what, given) => {
  expect(await machineOf(given)).toEqual(await machineOf())
})

test.each<[string, Given]>([
  ['no network card', { mac: undefined }],
  ['no disk', { hasDisk: false }],
  ['more processors', { machine: { cpus: 2 } }],
  ['a kernel', { machine: { kernel: '/k' } }],
  ['a command line', { machine: { kernel: '/k', cmdline: 'quiet' } }],
])('what the guest sees is another list of devices: %s', async (_what, given) => {
  const [one, other] = await Promise.all([machineOf(), machineOf(given)])
  expect(other.devices_sha256).not.toBe(one.devices_sha256)
})
