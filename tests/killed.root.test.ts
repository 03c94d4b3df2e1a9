import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { afterAll, expect, test } from 'vitest'
import { OtherProcess } from './support/other-process.ts'
import { makeTinyContainer } from './support/tiny-container.ts'

const container = makeTinyContainer()
afterAll(() => container[Symbol.dispose]())

const machine = join(container.folder, 'machine.xml')
writeFileSync(
  machine,
  `<domain type="qemu"><memory unit="MiB">64</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>`,
)

test.each([
  ['qemu', 'qemu:///system', { domain: { configuration: machine } }],
  ['lxc', 'lxc:///', container.resources()],
] as const)(
  'a guest of %s does not outlive the process that it belongs to',
  async (provider, uri, resources) => {
    await using hypervisor = await Hypervisor.open(uri)
    await using other = await OtherProcess.start(resources, { power: true, provider })
    const states = async () =>
      Promise.all(
        (await hypervisor.listAllDomains())
          .filter(({ name }) => name === other.identifier)
          .map(async (domain) => (await domain.getState()).state),
      )
    expect(await states()).toEqual(['running'])
    await other.kill()
    await expect.poll(states, { timeout: 10_000 }).toEqual([])
  },
)
