import { expect, test } from 'vitest'
import { assertMemoryStays } from './memory-devices.ts'
import type { Monitor } from './monitor.ts'

const { signal } = new AbortController()

const objects = (types: readonly string[]) => types.map((type, index) => ({ name: `d${index}`, type }))

/** QEMU with devices of these types: those with a name of their own, and those without. */
function monitorOf(named: readonly string[], anonymous: readonly string[] = []): Monitor {
  return {
    async execute(command, parameters, options) {
      expect([command, options?.signal]).toEqual(['qom-list', signal])
      return parameters?.['path'] === '/machine/peripheral' ? objects(named) : objects(anonymous)
    },
  }
}

test.each([
  ['child<virtio-balloon-pci>', 'virtio-balloon'],
  ['child<virtio-balloon-pci-transitional>', 'virtio-balloon'],
  ['child<virtio-mem-pci>', 'virtio-mem'],
  ['child<virtio-pmem-pci>', 'virtio-pmem'],
  ['child<nvdimm>', 'nvdimm'],
  ['child<pc-dimm>', 'pc-dimm'],
  ['child<ivshmem-plain>', 'ivshmem'],
  ['child<vhost-user-fs-pci>', 'vhost-user'],
])('a device of type %s changes the memory, with a name or without', async (type, named) => {
  const others = ['child<virtio-net-pci>', 'string']
  await expect(assertMemoryStays(monitorOf([...others, type]), signal)).rejects.toThrow(
    `its device ${named} `,
  )
  await expect(assertMemoryStays(monitorOf([], [type, ...others]), signal)).rejects.toThrow(
    `its device ${named} `,
  )
})

test.each(['child<virtio-blk-pci>', 'link<virtio-balloon-pci>', 'child<my-nvdimm>', 'virtio-mem-pci', ''])(
  'one of type "%s" does not',
  async (type) => {
    await assertMemoryStays(monitorOf([type], [type]), signal)
  },
)

test('an answer that lists no objects is no sign that there are none', async () => {
  const silent: Monitor = { execute: async () => ({}) }
  await expect(assertMemoryStays(silent, signal)).rejects.toThrow()
})

test('what the monitor fails at is passed on', async () => {
  const failure = new Error('closed')
  const closed: Monitor = { execute: () => Promise.reject(failure) }
  await expect(assertMemoryStays(closed, signal)).rejects.toBe(failure)
})
