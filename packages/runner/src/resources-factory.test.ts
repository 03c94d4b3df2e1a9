import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@see/core'
import { expect, test } from 'vitest'
import { temporaryFolder } from './testing/temporary-folder.ts'
import { resourcesFactory } from './resources-factory.ts'

/** A key that only the schema of one provider has. */
const filesystem = { source_path: 'a', target_path: '/b' }
const disk = { image: 'a' }
const network = { configuration: 'a' }

async function factoryOf(content: unknown): Promise<string> {
  await using folder = await temporaryFolder()
  const file = join(folder.path, 'resources.json')
  await writeFile(file, JSON.stringify(content))
  try {
    return typeof resourcesFactory(file)
  } catch (error) {
    return messageOf(error)
  }
}

test('without a hypervisor the provider is the one that the keys are of', async () => {
  const domain = { configuration: 'a' }
  expect(await factoryOf({ domain: { ...domain, filesystem } })).toBe('function')
  expect(await factoryOf({ domain, disk: { ...disk, clone: {} }, network })).toBe('function')
  expect(await factoryOf({ domain: { ...domain, filesystem }, disk })).toMatch(/unknown key "disk"/)
})

test.each([
  ['qemu:///system', 'qemu'],
  ['qemu+unix:///system?socket=/a', 'qemu'],
  ['lxc:///', 'lxc'],
  ['lxc:///system', 'lxc'],
  ['lxc+unix:///system?socket=/a', 'lxc'],
  ['vbox:///session', 'vbox'],
])('hypervisor %s is for the provider %s', async (hypervisor, provider) => {
  const domain = { configuration: 'a' }
  const lxc = await factoryOf({ hypervisor, domain: { ...domain, filesystem } })
  const qemu = await factoryOf({ hypervisor, domain, disk: { ...disk, clone: {} }, network })
  const vbox = await factoryOf({ hypervisor, domain, disk })
  expect(lxc).toMatch(provider === 'lxc' ? 'function' : /unknown key "domain.filesystem"/)
  expect(qemu).toMatch(provider === 'qemu' ? 'function' : /unknown key "(disk|network)/)
  expect(vbox).toMatch(provider === 'lxc' ? /unknown key "disk"/ : 'function')
})

test('hypervisor embedded:/// is for the embedded provider', async () => {
  expect(await factoryOf({ hypervisor: 'embedded:///', disk, machine: { memory: 256 } })).toBe('function')
  const other = { hypervisor: 'embedded:///', domain: { configuration: 'a' } }
  expect(await factoryOf(other)).toMatch(/unknown key "domain"/)
})

test.each([{}, [], 'text', { hypervisor: 1, domain: { configuration: 'a' } }])(
  'a file with %j is refused with its place',
  async (content) => {
    expect(await factoryOf(content)).toMatch(/resources\.json:1:\d+: /)
  },
)
