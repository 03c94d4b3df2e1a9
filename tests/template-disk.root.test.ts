import { execFileSync } from 'node:child_process'
import { readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { embeddedFactory, Environment, qemuFactory, type Resources } from '@see/core'
import type { FilesystemReport } from '@see/hooks'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { journaledImage } from './support/journaled-image.ts'
import { TemplateFolder } from './support/template-guest.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 60_000

let folder: TemplateFolder
let image: string
beforeAll(() => {
  folder = new TemplateFolder()
  image = journaledImage(folder.path)
  return () => folder[Symbol.dispose]()
}, 60_000)

/** The guest of each provider: what its template is built from, and what makes clones of it. */
const providers = {
  embedded: {
    build: () => folder.build('embedded', folder.resources({ disk: { image } })),
    clones: () => embeddedFactory(folder.resources({ disk: { image }, template: 'embedded' })),
  },
  libvirt: {
    build: () => folder.build('libvirt', folder.libvirtResources({ disk: { image } })),
    clones: () => qemuFactory(folder.libvirtResources({ disk: { image }, template: 'libvirt' })),
  },
} as const

/** Whether nothing waits in the journal to be put in place. */
function isAtRest(disk: string): boolean {
  const raw = join(folder.path, 'looked-at.raw')
  execFileSync('qemu-img', ['convert', '-U', '-O', 'raw', disk, raw])
  onTestFinished(() => rmSync(raw))
  const said = execFileSync('dumpe2fs', ['-h', raw], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  return said.includes('has_journal') && !said.includes('needs_recovery')
}

/**
 * But for the file that the guest was about to make, and the one that it was about to remove, when it was frozen, and for
 * what is written whenever a lease comes.
 */
const isNotOneOf = (made: number) => (path: string) => {
  const number = Number(/^\/root\/made\/(\d+)$/.exec(path)?.[1])
  return ![made, made + 1, made - 9, made - 8].includes(number) && path !== '/etc/resolv.conf'
}

test.each(['embedded', 'libvirt'] as const)(
  'a clone’s changes are told apart from those made right before its template was frozen: %s',
  { timeout: 180_000 },
  async (provider) => {
    const template = await providers[provider].build()
    const results = temporaryFolder()
    const environment = await Environment.allocate<Resources>(providers[provider].clones(), {
      configuration: { results_folder: results },
      hooks: [{ name: '@see/hooks#DiskStateAnalyser', configuration: { strict: true } }],
    })
    onTestFinished(() => environment.deallocate(), GUEST_MS)
    const { context, identifier } = environment
    await context.poweron()
    const sh = (script: string) => context.agent.exec(['sh', '-c', script])
    await sh('echo mine >/root/mine; rm /etc/issue; echo more >>/etc/group')
    const made = Number((await sh('cat /run/made')).stdout)
    expect(made).toBeGreaterThan(3)
    await context.waitForIp4Address({ timeoutMs: GUEST_MS })
    // What the clone wrote is in place then.
    const freeze = JSON.stringify({ execute: 'guest-fsfreeze-freeze' })
    await context.resources.abilities.agent?.channel?.agentCommand(freeze, { timeoutSeconds: 20 })
    await context.poweroff()
    await context.trigger('start_analysis')
    await context.trigger('wait_analysis')
    await context.settled()
    expect(context.failures).toEqual([])
    const report: FilesystemReport = JSON.parse(
      readFileSync(join(results, `${identifier}_filesystem.json`), 'utf8'),
    )
    expect(report).toMatchObject({ warnings: [], errors: [] })
    const own = (files: readonly { readonly path: string }[]) =>
      files.map(({ path }) => path).filter(isNotOneOf(made))
    expect(own(report.created_files)).toEqual(['/root/mine'])
    expect(own(report.deleted_files)).toEqual(['/etc/issue'])
    expect(own(report.modified_files)).toEqual([
      '/etc/group',
      '/etc/hostname',
      '/etc/hosts',
      '/etc/machine-id',
    ])
    expect(isAtRest(template.path('disk'))).toBe(true)
  },
)

test('a template’s file system without a journal is no reason to warn: it was at rest, though it looks in use', {
  timeout: 120_000,
}, async () => {
  await folder.build('unjournaled', folder.resources())
  const results = temporaryFolder()
  const clones = embeddedFactory(folder.resources({ template: 'unjournaled' }))
  const environment = await Environment.allocate(clones, {
    configuration: { results_folder: results },
    hooks: [{ name: '@see/hooks#DiskStateAnalyser' }],
  })
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context, identifier } = environment
  await context.poweron()
  await context.agent.exec(['sh', '-c', 'echo mine >/root/mine; sync'])
  await context.poweroff()
  await context.trigger('start_analysis')
  await context.trigger('wait_analysis')
  await context.settled()
  const report: FilesystemReport = JSON.parse(
    readFileSync(join(results, `${identifier}_filesystem.json`), 'utf8'),
  )
  // The clone's power was cut, which leaves its own file system in use.
  expect(report.warnings.map(({ code, what }) => [code, what])).toEqual([
    ['DISK_FILE_SYSTEM_DIRTY', 'the whole disk, ext4, of the guest’s disk'],
  ])
  expect(report.created_files.map(({ path }) => path)).toContain('/root/mine')
})
