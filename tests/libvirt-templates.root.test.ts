import { createHash } from 'node:crypto'
import { readdirSync, statSync } from 'node:fs'
import { chown, rm, stat, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import {
  Environment,
  qemuFactory,
  type QemuResources,
  type SeeContext,
  type Template,
  TemplateStore,
} from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { copiedTemplate } from './support/copied-template.ts'
import { leftOf } from './support/leftovers.ts'
import { expectTwoMachines, line } from './support/marks.ts'
import { copyOfQemu, upgradeQemu } from './support/other-qemu.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { TemplateFolder } from './support/template-guest.ts'
import { tinyGuest } from './support/tiny-guest.ts'

let folder: TemplateFolder
/** A template of the embedded provider. */
let embedded: Template
/** The modes of the socket at which the state of "tiny" was taken. */
const modes = new Set<string>()

const diskIn = (storage_pool_path: string) => ({
  image: join(tinyGuest(), 'disk.qcow2'),
  clone: { storage_pool_path },
})

function look(place: string): void {
  for (const name of readdirSync(place)) {
    const socket = statSync(join(place, name, 'state'), { throwIfNoEntry: false })
    if (socket !== undefined) modes.add((socket.mode & 0o777).toString(8))
  }
}

beforeAll(async () => {
  let timer: NodeJS.Timeout | undefined
  await sharedTemplate('embedded')
  embedded = await new TemplateStore().open('embedded')
  folder = await TemplateFolder.withTiny(
    (own) => own.libvirtResources({ disk: diskIn(join(own.path, 'instances')) }),
    (message, { path }) => {
      if (message === 'freezing it') timer = setInterval(look, 1, join(path, 'instances'))
    },
  )
  clearInterval(timer)
  // It is never powered on: it keeps the network for all the others, which take a second each to make one.
  const keeper = await Environment.allocate(qemuFactory(folder.libvirtResources()))
  return async () => {
    await keeper.deallocate()
    folder[Symbol.dispose]()
  }
}, 120_000)

const clone = async (changes: Record<string, unknown> = {}, edit?: (xml: string) => string) => {
  return await folder.libvirtClone(folder.libvirtResources({ template: 'tiny', ...changes }, edit))
}

async function started(): Promise<SeeContext<QemuResources>> {
  const { context } = await clone()
  await context.poweron()
  return context
}

test('two clones through libvirt share nothing, know the time, and leave nothing', {
  timeout: 120_000,
}, async () => {
  const environments = [await clone(), await clone()]
  const [one, two] = environments.map(({ context }) => context)
  if (one === undefined || two === undefined) throw new Error('there are two')
  await Promise.all([one.poweron(), two.poweron()])
  const ofOne = await expectTwoMachines(one, two)
  expect(ofOne).toMatchObject({ hostname: `see-${one.identifier.slice(0, 8)}`, mac: one.macAddress() })
  for (const environment of environments) await environment.deallocate()
  for (const { identifier } of environments) expect(await leftOf(identifier)).toEqual([])
})

test('neither template nor image changes owner while a clone runs, and the template stays', {
  timeout: 60_000,
}, async () => {
  const template = await new TemplateStore().open('tiny')
  const ownerOf = async () => (await stat(template.path('disk'))).uid
  const before = await ownerOf()
  const guest = await started()
  await guest.agent.writeFile('/dev/shm/mine', 'x'.repeat(1_000_000))
  expect(await ownerOf()).toBe(before)
  const { signal } = new AbortController()
  await expect(new TemplateStore().remove('tiny', signal)).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' })
  await guest.poweroff()
  await template.verify(signal)
})

test('a template of the embedded provider outlives libvirt guests on the same files; neither takes the other’s', {
  timeout: 120_000,
}, async () => {
  const template = await copiedTemplate(embedded, 'child')
  const initrd = join(tinyGuest(), 'initrd')
  const ctimeNs = async () => (await stat(initrd, { bigint: true })).ctimeNs
  const before = await ctimeNs()
  const guest = await started()
  await guest.poweroff()
  expect(await ctimeNs()).toBe(before)
  // libvirt does so to files of a guest that has the user of all guests.
  const { uid, gid } = await stat(initrd)
  await chown(initrd, uid, gid)
  expect(await ctimeNs()).not.toBe(before)
  await template.assertUnchanged()
  await expect(clone({ template: 'child' })).rejects.toThrow(
    /the provider was embedded .* and is libvirt now/,
  )
  const other = folder.clone(folder.resources({ template: 'tiny' }))
  await expect(other).rejects.toThrow(/the provider was libvirt .* and is embedded now/)
})

const withoutPort = (xml: string) =>
  xml.replace(/<channel type="unix">\s*<target [^>]*org.see.identity[^]*?<\/channel>/, '')

test('a guest without the port gets its identity through its agent', { timeout: 120_000 }, async () => {
  const template = await folder.build('agent', folder.libvirtResources({}, withoutPort))
  expect(template.manifest.identity).toBe('agent')
  expect((await new TemplateStore().open('tiny')).manifest.identity).toBe('port')
  const { context } = await clone({ template: 'agent' }, withoutPort)
  await context.poweron()
  expect(await line(context, 'hostname')).toBe(`see-${context.identifier.slice(0, 8)}`)
})

test('a clone without an identity keeps its address; none is made once QEMU was upgraded, and nothing is left', {
  timeout: 180_000,
}, async () => {
  const program = copyOfQemu(folder.path)
  onTestFinished(() => forgetCapabilities(program))
  const withEmulator = (xml: string) => xml.replace('<devices>', `$&<emulator>${program}</emulator>`)
  const { manifest } = await folder.build(
    'upgraded',
    folder.libvirtResources({ identity: false }, withEmulator),
  )
  const same = await clone({ template: 'upgraded', network: {} }, withEmulator)
  await same.context.poweron()
  expect(manifest.card).toMatchObject({ mac_address: same.context.macAddress(), subnet: null })
  await same.context.waitForIp4Address({ timeoutMs: 30_000 })
  await same.deallocate()
  const version = upgradeQemu(program)
  const environment = await clone({ template: 'upgraded' }, withEmulator)
  const reason = `QEMU's version was ${manifest.machine.qemu_version} when it was built, and is ${version} `
  await expect(environment.context.poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining(reason),
  })
  expect(await environment.context.state()).toBe('shutoff')
  await environment.deallocate()
  expect(await leftOf(environment.identifier)).toEqual([])
})

/** libvirt notes down what each QEMU can do that it has ever seen. */
async function forgetCapabilities(program: string): Promise<void> {
  const note = `${createHash('sha256').update(program).digest('hex')}.xml`
  await rm(join('/var/cache/libvirt/qemu/capabilities', note), { force: true })
}

const withoutNetwork = { network: { mode: 'none' } }
test.each([
  ['memory', {}, (xml: string) => xml.replace('256</memory>', '128</memory>'), 'the size of the memory'],
  ['machine', {}, (xml: string) => xml.replace('pc-q35-7.2', 'pc-q35-7.1'), 'the machine type'],
  ['devices', {}, (xml: string) => xml.replace(/<rng[^]*<\/rng>/, ''), 'the list of devices'],
  ['network', withoutNetwork, (xml: string) => xml, 'the list of devices'],
])(
  'another %s is refused at allocation, and nothing is left',
  { timeout: 60_000 },
  async (_what, changes, edit, reason) => {
    const before = await new TemplateStore().list()
    await expect(clone(changes, edit)).rejects.toMatchObject({
      code: 'TEMPLATE_INVALID',
      message: expect.stringContaining(reason),
    })
    expect(await new TemplateStore().list()).toEqual(before)
  },
)

test('only QEMU is let in where it writes the state', () => {
  expect(modes.size).toBeGreaterThan(0)
  expect([...modes].filter((mode) => /[2367]$/.test(mode))).toEqual([])
})

test('a folder whose path is too long for a socket is reported before the guest boots', async () => {
  const place = join(folder.path, 'long-'.padEnd(60, 'x'))
  const told: string[] = []
  await expect(
    folder.build('long', folder.libvirtResources({ disk: diskIn(place) }), undefined, (message) =>
      told.push(message),
    ),
  ).rejects.toMatchObject({
    code: 'TEMPLATE_BUILD',
    message: expect.stringMatching(/too long for a socket/),
  })
  expect(told).toEqual([])
})

const withBacking = (xml: string) => xml.replace('<os>', '<memoryBacking><nosharepages/></memoryBacking><os>')

test('a guest whose XML says where its memory is cannot be frozen', { timeout: 60_000 }, async () => {
  await expect(folder.build('huge', folder.libvirtResources({}, withBacking))).rejects.toMatchObject({
    code: 'DOMAIN_XML_INVALID',
    message: expect.stringContaining('<memoryBacking>'),
  })
})

test('a clone that was off does not boot from a disk that has taken the place of its template’s', {
  timeout: 120_000,
}, async () => {
  const template = await copiedTemplate(await new TemplateStore().open('tiny'), 'replaced')
  const { context } = await clone({ template: 'replaced' })
  await context.poweron()
  await context.poweroff()
  await context.poweron()
  await context.poweroff()
  folder.replaceDisk(template)
  await expect(context.poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining('was replaced'),
  })
  expect(await context.state()).toBe('shutoff')
})

// The last one: the template is broken then.
test('a state that QEMU cannot take over is reported, and no QEMU stays', { timeout: 120_000 }, async () => {
  const template = await new TemplateStore().open('tiny')
  const environment = await clone()
  await truncate(template.path('state'), 1000)
  await expect(environment.context.poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining('could not take it over'),
  })
  expect(await environment.context.state()).toBe('shutoff')
  await environment.deallocate()
  expect(await leftOf(environment.identifier)).toEqual([])
})
