import { execFile } from 'node:child_process'
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { Environment, lxcFactory, qemuFactory } from '@see/core'
import { Hypervisor } from '@see/libvirt'
import { expect, test } from 'vitest'
import { type Spelling, writeHooks } from './support/reference-files.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { makeTinyContainer } from './support/tiny-container.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const GUEST_MS = 180_000
const see = fileURLToPath(new URL('../node_modules/.bin/see', import.meta.url))

/** A resources file as the reference's tutorial has it. */
function writeContext(folder: string, image: unknown): string {
  const file = join(folder, 'context.json')
  writeFileSync(
    file,
    JSON.stringify({
      hypervisor: 'qemu:///system',
      domain: { configuration: join(tinyGuest(), 'domain.xml') },
      disk: { image, clone: { storage_pool_path: '/var/lib/see/instances', copy_on_write: true } },
      network: { dynamic_address: { ipv4: '10.217.0.0', prefix: 16, subnet_prefix: 24 } },
    }),
  )
  return file
}

const path = (): string => join(tinyGuest(), 'disk.qcow2')
const provider = 'see.image_providers.DummyProvider'

const images: [string, Spelling, () => unknown][] = [
  ['a path', 'plain', path],
  ['a uri of the dummy provider', 'wrapped', () => ({ uri: path(), provider, provider_configuration: {} })],
  [
    'a name in a folder of the dummy provider',
    'plain',
    () => ({ name: 'disk.qcow2', provider, provider_configuration: { path: tinyGuest() } }),
  ],
  [
    'a volume of a pool',
    'wrapped',
    () => ({
      uri: 'disk.qcow2',
      provider: 'see.image_providers.LibvirtPoolProvider',
      provider_configuration: { hypervisor: 'qemu:///system', storage_pool_path: `${tinyGuest()}/` },
    }),
  ],
]

test.each(images)(
  'a QEMU guest, its image %s, its hooks %s',
  { timeout: GUEST_MS },
  async (_name, spelling, image) => {
    const folder = temporaryFolder()
    const factory = qemuFactory(writeContext(folder, image()))
    await using environment = await Environment.allocate(factory, writeHooks(folder, spelling))
    const { context, identifier } = environment
    const volume = await context.storagePool?.storageVolLookupByName(`${identifier}.qcow2`)
    expect(await volume?.getXMLDesc()).toContain(`<path>${path()}</path>`)
    expect(await context.network?.getXMLDesc()).toMatch(/<ip address='10\.217\.\d+\.1'/)
    expect(context.failures).toEqual([])
  },
)

test('see run, with files of the reference, and a guest that was prepared for it', {
  timeout: GUEST_MS,
}, async () => {
  const folder = temporaryFolder()
  const context = writeContext(folder, { uri: path(), provider })
  const sample = join(folder, 'a sample.sh')
  writeFileSync(sample, '#!/bin/sh\nnslookup "ran-$1.see.test"\n')
  const argv = ['run', context, sample, '--hooks', writeHooks(folder, 'wrapped')]
  const more = [
    '--command',
    'sh {sample} well',
    '--runtime',
    '5',
    '--json',
    '--results',
    join(folder, 'runs'),
  ]
  const { stdout } = await promisify(execFile)(see, [...argv, ...more], { timeout: GUEST_MS })
  const report = JSON.parse(stdout)
  expect(report).toMatchObject({ ok: true, exit_code: 0, failures: [], error: null })
  const id: string = report.identifier
  const results = join(folder, 'results')
  const read = (name: string): string => readFileSync(join(results, `${id}_${name}`), 'utf8')
  const files = readdirSync(results).map((name) => name.replace(`${id}_`, ''))

  // Each hook has done its work: the timer and the screen,
  expect(files).toEqual(expect.arrayContaining([expect.stringMatching(/^screenshot_time\.(png|ppm)$/)]))
  expect(files).toEqual(expect.arrayContaining([expect.stringMatching(/^snapshots_capture\.(png|ppm)$/)]))
  // the viewer,
  expect(readFileSync(join(folder, 'viewer'), 'utf8')).toMatch(/^127\.0\.0\.1:59\d\d\n$/)
  // the command, of whose end the agent does not tell; it is run once,
  expect(JSON.parse(read('command_1.json'))).toMatchObject({ status: 'running', command: 'sh {sample} well' })
  expect(files).not.toContain('command_2.json')
  // the memory and what looks at it,
  expect(statSync(join(results, `${id}_snapshots_capture.elf`)).size).toBeGreaterThan(100_000_000)
  expect(read('volatility_psscan_1.stdout')).toMatch(/^stand-in -f \S+\.elf --profile=Win7SP1x86 psscan\n$/)
  expect(files).toContain('volatility_mutantscan_1.json')
  // the disk, from the guest's boot to the end,
  expect(JSON.parse(read('filesystem.json'))).toMatchObject({
    before: join(results, `${id}_ip_address.qcow2`),
    after: join(results, `${id}_snapshots_capture.qcow2`),
    errors: [],
  })
  // the network, on which the sample is seen.
  expect(JSON.parse(read('network.json')).dns).toEqual(
    expect.arrayContaining([expect.objectContaining({ name: 'ran-well.see.test' })]),
  )
  expect(read('network.log')).toContain('ran-well.see.test')

  await using hypervisor = await Hypervisor.open('qemu:///system')
  expect((await hypervisor.listAllDomains()).map(({ name }) => name)).not.toContain(id)
  expect(existsSync(join('/var/lib/see/instances', id))).toBe(false)
})

test.each(['one', 'a list'])(
  'an LXC container with %s of file systems',
  { timeout: GUEST_MS },
  async (how) => {
    using tiny = makeTinyContainer()
    const folder = temporaryFolder()
    const mounts = ['shared', 'log'].map((name) => {
      mkdirSync(join(folder, name))
      return { source_path: join(folder, name), target_path: `/${name}` }
    })
    const { domain } = tiny.resources()
    const file = join(folder, 'context.json')
    writeFileSync(
      file,
      JSON.stringify({
        hypervisor: 'lxc:///',
        domain: { ...domain, filesystem: how === 'one' ? mounts[0] : mounts },
        network: { dynamic_address: { ipv4: '10.218.0.0', prefix: 16, subnet_prefix: 24 } },
      }),
    )
    const hooks = {
      hooks: [
        {
          name: 'plugins.network.NetworkTracerHook',
          configuration: {
            results_folder: folder,
            start_trace_on_event: 'post_poweron',
            stop_trace_on_event: 'pre_poweroff',
            trace_limit: 100,
            delete_trace_file: true,
          },
        },
      ],
    }
    const environment = await Environment.allocate(lxcFactory(file), hooks)
    const { context, identifier } = environment
    const events: string[] = []
    context.observe({ eventHandled: ({ event }) => void events.push(event.name) })
    await context.poweron()
    await context.agent.waitUntilReady({ timeoutMs: 30_000 })
    expect(await context.waitForIp4Address({ timeoutMs: 30_000 })).toMatch(/^10\.218\./)
    const wanted = how === 'one' ? mounts.slice(0, 1) : mounts
    for (const { source_path, target_path } of wanted) {
      await context.agent.writeFile(`${target_path}/seen`, 'hello')
      expect(readFileSync(join(source_path, identifier, 'seen'), 'utf8')).toBe('hello')
    }
    await context.poweroff()
    expect(context.failures).toEqual([])
    expect(events).toContain('network_tracing_stopped')
    await environment.deallocate()
    expect(wanted.flatMap(({ source_path }) => readdirSync(source_path))).toEqual([])
    expect(readdirSync(folder).filter((name) => name.endsWith('.pcap'))).toEqual([])
  },
)
