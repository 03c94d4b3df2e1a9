import { chmodSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type ContextFactory, embeddedFactory, Environment, type SeeContext, TemplateStore } from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { debianImage } from './support/debian-guest.ts'
import { leftOf } from './support/leftovers.ts'
import { seeHere } from './support/see-command.ts'
import { TemplateFolder } from './support/template-guest.ts'

/** For the guest to be made from packages, or to boot, on a host with other work. */
const SETUP_MS = 1_200_000
const CLONES_MS = 900_000
const WAIT_MS = 300_000

let folder: TemplateFolder
let installed: string
beforeAll(async () => {
  installed = await debianImage()
  folder = new TemplateFolder()
  return () => folder[Symbol.dispose]()
}, SETUP_MS)

/** What no two machines have in common. */
const marks = [
  'hostname',
  'cat /etc/hostname',
  'cat /etc/machine-id',
  'cat /proc/sys/kernel/random/boot_id',
  'cat /sys/class/net/enp1s0/address',
  'cut -d " " -f 2 /etc/ssh/ssh_host_ed25519_key.pub',
  'mktemp -u',
]

async function marksOf(guest: SeeContext): Promise<string[]> {
  await guest.agent.waitUntilReady({ timeoutMs: WAIT_MS })
  const { stdout } = await guest.agent.exec(['sh', '-c', marks.join('; ')], { timeoutMs: WAIT_MS })
  return [...stdout.toString().trim().split('\n'), await guest.waitForIp4Address({ timeoutMs: WAIT_MS })]
}

/** Ten clones of a template, two of them at a time: all of them differ in everything. */
async function expectTenMachines(factory: () => ContextFactory): Promise<void> {
  const found: string[][] = []
  for (let pair = 0; pair < 5; pair++) {
    const environments = await Promise.all([Environment.allocate(factory()), Environment.allocate(factory())])
    for (const environment of environments) onTestFinished(() => environment.deallocate(), WAIT_MS)
    const guests = environments.map(({ context }) => context)
    await Promise.all(guests.map((guest) => guest.poweron()))
    for (const guest of guests) {
      const own = await marksOf(guest)
      expect([own[0], own[4]]).toEqual([`see-${guest.identifier.slice(0, 8)}`, guest.macAddress()])
      found.push(own)
    }
    await Promise.all(environments.map((environment) => environment.deallocate()))
    for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
  }
  for (const [index, mark] of [...marks, 'address'].entries()) {
    expect([mark, new Set(found.map((each) => each[index])).size]).toEqual([mark, 10])
  }
}

test('an installed Debian is prepared, frozen and cloned ten times as a child of SEE, and its evidence is right', {
  timeout: SETUP_MS + CLONES_MS,
}, async () => {
  const prepared = join(folder.path, 'prepared.qcow2')
  const { mtimeMs, size } = statSync(installed)
  const made = await seeHere(folder.path, ['guest', 'prepare', installed, '--output', prepared])
  expect(made).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(/^Debian GNU\/Linux [^]*guest agent/),
  })
  expect(made.out).not.toContain('still needs')
  expect(statSync(installed)).toMatchObject({ mtimeMs, size })
  // Each guest runs as a user of its own.
  chmodSync(prepared, 0o644)
  const guest = {
    hypervisor: 'embedded:///' as const,
    machine: { memory: 512 },
    disk: { image: prepared, clone: { storage_pool_path: join(folder.path, 'instances') } },
  }
  writeFileSync(join(folder.path, 'debian.json'), JSON.stringify(guest))
  const built = await seeHere(folder.path, ['template', 'build', 'debian.json', 'debian', '--timeout', '900'])
  expect(built).toMatchObject({ exitCode: 0, out: expect.stringContaining('Template debian') })
  const { manifest } = await new TemplateStore().open('debian')
  expect(manifest).toMatchObject({ identity: 'port', at_rest: true })
  await expectTenMachines(() => embeddedFactory({ ...guest, template: 'debian' }))

  writeFileSync(join(folder.path, 'clones.json'), JSON.stringify({ ...guest, template: 'debian' }))
  writeFileSync(
    join(folder.path, 'sample.sh'),
    '#!/bin/sh\necho by $(id -un) >/root/made\necho ran; exit 3\n',
  )
  const hooks = ['DiskCheckPointHook', 'DiskStateAnalyser'].map((name) => ({
    name: `@see/hooks#${name}`,
    configuration: name === 'DiskCheckPointHook' ? { checkpoint_on_event: ['post_shutdown'] } : {},
  }))
  writeFileSync(join(folder.path, 'hooks.json'), JSON.stringify({ hooks }))
  const words = ['run', 'clones.json', 'sample.sh', '--hooks', 'hooks.json', '--runtime', '5', '--json']
  const run = await seeHere(folder.path, [...words, '--timeout', '300', '--shutdown-timeout', '300'])
  const report = JSON.parse(run.out)
  expect(report).toMatchObject({ commands: [{ exit_code: 3 }] })
  const read = (name: string) =>
    readFileSync(join(report.results_folder, `${report.identifier}${name}`), 'utf8')
  expect(read('_command_1.stdout')).toBe('ran\n')
  expect(read('_filesystem.json')).toContain('/root/made')
})
