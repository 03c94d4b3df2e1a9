import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { appendFile, copyFile, readdir, readFile, symlink, truncate, writeFile } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { type EmbeddedResources, type SeeContext, type Template, TemplateStore } from '@see/core'
import { beforeAll, expect, onTestFinished, test, vi } from 'vitest'
import { copiedTemplate } from './support/copied-template.ts'
import { embeddedGuest } from './support/embedded-guest.ts'
import { processes } from './support/leftovers.ts'
import { clockErrorMs, expectTwoMachines, line, marksOf } from './support/marks.ts'
import { copyOfQemu, upgradeQemu } from './support/other-qemu.ts'
import { sendersOf } from './support/packets.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { TemplateFolder } from './support/template-guest.ts'
import { tinyGuest } from './support/tiny-guest.ts'

type Guest = SeeContext<EmbeddedResources>

let folder: TemplateFolder
beforeAll(async () => {
  await sharedTemplate('embedded')
  const shared = await new TemplateStore().open('embedded')
  folder = new TemplateFolder()
  await copiedTemplate(shared, 'tiny')
  return () => folder[Symbol.dispose]()
}, 120_000)

let untold: Promise<Template> | undefined

/** An image of our own, and its template "untold", whose clones get no identity. */
async function untoldTemplate(): Promise<{ image: string; resources: object; template: Template }> {
  const image = join(folder.path, 'image.qcow2')
  const resources = { identity: false, disk: { image } }
  untold ??= copyFile(join(tinyGuest(), 'disk.qcow2'), image).then(() =>
    folder.build('untold', folder.resources(resources)),
  )
  return { image, resources, template: await untold }
}

async function started(
  changes: Record<string, unknown>,
  machine: Record<string, unknown> = {},
): Promise<Guest> {
  const { context } = await folder.clone(folder.resources(changes, machine))
  await context.poweron()
  return context
}

/** The machine's command line, with a switch of the tiny guest. */
const switched = (word: string) => ({ cmdline: embeddedGuest({}, word).machine?.cmdline })

test('two clones share no address, name, id or random number, and know the time', {
  timeout: 60_000,
}, async () => {
  const [one, two] = [await started({ template: 'tiny' }), await started({ template: 'tiny' })]
  const ofOne = await expectTwoMachines(one, two)
  expect(ofOne).toMatchObject({
    hostname: `see-${one.identifier.slice(0, 8)}`,
    hosts: `127.0.0.1 localhost see-${one.identifier.slice(0, 8)}\n::1 localhost`,
    mac: one.resources.macAddress,
    'machine-id': expect.stringMatching(/^[0-9a-f]{32}$/),
    boot_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
  })
  for (const guest of [one, two]) {
    const local = await line(guest, 'ip -6 addr show eth0 scope link')
    expect(local).toContain(guest.resources.macAddress?.slice(-2))
  }
})

test('a guest without the port gets its identity through its agent', { timeout: 60_000 }, async () => {
  const machine = switched('see.noport')
  const resources = folder.resources({}, machine)
  const template = await folder.build('portless', relative('', resources))
  expect(template.manifest).toMatchObject({ identity: 'agent', resources })
  const guest = await started({ template: 'portless' }, machine)
  expect(await marksOf(guest)).toMatchObject({
    hostname: `see-${guest.identifier.slice(0, 8)}`,
    mac: guest.resources.macAddress,
  })
})

test('a clone sends nothing by the address of its template', { timeout: 60_000 }, async () => {
  const { context } = await folder.clone(folder.resources({ template: 'tiny' }))
  const capture = await context.resources.abilities.capture.start({ snapLength: 128 })
  const packets = capture === undefined ? undefined : buffer(capture.packets)
  await context.poweron()
  await context.waitForIp4Address({ timeoutMs: 20_000 })
  await capture?.stop()
  const senders = sendersOf((await packets) ?? Buffer.alloc(0))
  expect(senders).toContain(context.resources.macAddress)
  // The host's side of the network also sends.
  expect(senders.filter((sender) => sender.startsWith('52:54:00'))).toEqual([context.resources.macAddress])
})

// Their random numbers are also the same, until the kernel renews them, which may be due in the moment they are frozen.
test('without an identity, clones are one and the same; none is made once the memory was cut', {
  timeout: 60_000,
}, async () => {
  const { resources, template } = await untoldTemplate()
  const same = await copiedTemplate(template, 'same')
  const configuration = { ...resources, template: 'same' }
  // Their clocks must be wrong by more than a clock that is set may be.
  await sleep(1000)
  const [one, two] = [await started(configuration), await started(configuration)]
  expect(await clockErrorMs(one)).toBeGreaterThan(1000)
  expect(await marksOf(one)).toEqual(await marksOf(two))
  // The network also goes by them.
  expect(await one.waitForIp4Address({ timeoutMs: 10_000 })).toBe(await two.ip4Address())
  expect(await one.ip4Address()).toBe(one.resources.network?.firstGuest)
  expect([one.macAddress(), one.macAddress()]).toEqual([
    two.macAddress(),
    template.manifest.card?.mac_address,
  ])
  for (const guest of [one, two]) await guest.poweroff()
  await truncate(same.path('memory'), 4096)
  const clone = folder.clone(folder.resources(configuration))
  await expect(clone).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining('4096 bytes'),
  })
  await new TemplateStore().remove('same', new AbortController().signal)
  expect(await new TemplateStore().list()).not.toContain('same')
})

test('a clone goes through every transition, and boots once it was off', { timeout: 120_000 }, async () => {
  const guest = await started({ template: 'tiny' })
  await guest.pause()
  await guest.resume()
  await guest.agent.writeFile('/root/kept', 'kept')
  await guest.agent.exec(['sync'])
  const before = await line(guest, 'cat /proc/uptime')
  await guest.shutdown({}, { timeoutMs: 30_000 })
  await guest.poweron()
  await guest.agent.waitUntilReady({ timeoutMs: 60_000 })
  expect(await line(guest, 'cat /root/kept')).toBe('kept')
  expect(await line(guest, 'hostname')).toBe(`see-${guest.identifier.slice(0, 8)}`)
  expect(await line(guest, 'cat /sys/class/net/eth0/address')).toBe(guest.resources.macAddress)
  expect(Number.parseFloat(await line(guest, 'cat /proc/uptime'))).toBeLessThan(
    Number.parseFloat(before) + 60,
  )
  await guest.poweroff()
})

test('the disk of a clone is compared with that of its template', { timeout: 60_000 }, async () => {
  const guest = await started({ template: 'tiny' })
  const template = await new TemplateStore().open('tiny')
  const disk = await guest.resources.abilities.disk.first()
  expect(disk?.image).toMatchObject({ path: template.path('disk'), format: 'qcow2' })
  expect(disk?.image.backing).toBeUndefined()
})

test('a template is cloned at another path than it was built at', { timeout: 60_000 }, async () => {
  const there = process.env['SEE_TEMPLATES'] ?? ''
  const elsewhere = join(folder.path, 'elsewhere')
  await symlink(there, elsewhere)
  process.env['SEE_TEMPLATES'] = elsewhere
  onTestFinished(() => void (process.env['SEE_TEMPLATES'] = there))
  const guest = await started({ template: 'tiny' })
  const disk = await guest.resources.abilities.disk.first()
  expect(disk?.image.path).toBe(join(elsewhere, 'tiny', 'disk.qcow2'))
  expect(await line(guest, 'hostname')).toBe(`see-${guest.identifier.slice(0, 8)}`)
})

test('what one clone writes no other sees, and the template least', { timeout: 60_000 }, async () => {
  const one = await started({ template: 'tiny' })
  // What it gives back would be removed from the file.
  const value = 96 * 1024 * 1024
  await expect(one.resources.monitor.execute('balloon', { value })).rejects.toThrow('balloon')
  await one.agent.writeFile('/dev/shm/mine', 'x'.repeat(1_000_000))
  await one.agent.writeFile('/root/mine', 'mine')
  const two = await started({ template: 'tiny' })
  expect(await line(two, 'ls /dev/shm /root')).not.toContain('mine')
  await (await new TemplateStore().open('tiny')).verify(new AbortController().signal)
})

test('a template is not removed while a clone of it runs', { timeout: 60_000 }, async () => {
  await started({ template: 'tiny' })
  const { signal } = new AbortController()
  await expect(new TemplateStore().remove('tiny', signal)).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' })
  expect(await new TemplateStore().list()).toContain('tiny')
})

test('a clone that was off does not boot from a disk that has taken the place of its template’s', {
  timeout: 60_000,
}, async () => {
  const template = await copiedTemplate(await new TemplateStore().open('tiny'), 'replaced')
  const overlay = await started({ template: 'replaced' })
  const disk = JSON.parse(await readFile(folder.resources(), 'utf8')).disk
  const copy = await started({
    template: 'replaced',
    disk: { ...disk, clone: { ...disk.clone, copy_on_write: false } },
  })
  for (const guest of [overlay, copy]) await guest.poweroff()
  folder.replaceDisk(template)
  await expect(overlay.poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining('was replaced'),
  })
  expect(await overlay.state()).toBe('shutoff')
  await copy.poweron()
  await copy.poweroff()
})

test.each([
  ['memory', { memory: 256 }, 'the size of the memory'],
  ['machine', { machine: 'pc-q35-7.1' }, 'the machine type'],
  ['processor', { cpu: 'qemu64' }, "the processor's model"],
  ['number of processors', { cpus: 2 }, 'the list of devices'],
])('a machine with another %s is refused', async (_what, machine, reason) => {
  const poweron = async () => {
    const { context } = await folder.clone(folder.resources({ template: 'tiny' }, machine))
    await context.poweron()
  }
  await expect(poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining(reason),
  })
})

test('a template is refused by a QEMU of another version, which ends', { timeout: 60_000 }, async () => {
  const program = copyOfQemu(folder.path)
  const version = upgradeQemu(program)
  vi.stubEnv('PATH', `${dirname(program)}:${process.env['PATH'] ?? ''}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const { context } = await folder.clone(folder.resources({ template: 'tiny' }))
  expect(context.resources.hypervisor.program).toBe(program)
  const { machine } = (await new TemplateStore().open('tiny')).manifest
  const reason = `QEMU's version was ${machine.qemu_version} when it was built, and is ${version} `
  await expect(context.poweron()).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining(reason),
  })
  expect(await context.state()).toBe('shutoff')
  expect(processes(({ commandLine }) => commandLine.includes(context.identifier))).toEqual([])
})

test('a template is refused for another image, and for the same one once it was changed', {
  timeout: 60_000,
}, async () => {
  const { image, resources, template } = await untoldTemplate()
  await copiedTemplate(template, 'changed')
  const other = folder.clone(folder.resources({ template: 'changed' }))
  await expect(other).rejects.toThrow(/it was built from .*, and the resources file has/)
  await appendFile(image, 'x')
  const clone = folder.clone(folder.resources({ ...resources, template: 'changed' }))
  await expect(clone).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringContaining(image),
  })
})

test('a template that does not exist is reported with those that do', async () => {
  const clone = folder.clone(folder.resources({ template: 'nowhere' }))
  await expect(clone).rejects.toMatchObject({
    code: 'TEMPLATE_MISSING',
    message: expect.stringContaining('tiny'),
  })
})

test('a guest that does not wait for its identity is refused with advice', { timeout: 60_000 }, async () => {
  const build = folder.build('mute', folder.resources({}, switched('see.noidentity')))
  await expect(build).rejects.toMatchObject({
    code: 'TEMPLATE_IDENTITY',
    message: expect.stringContaining('"identity": false'),
  })
  expect(await readdir(join(folder.path, 'templates'))).not.toContain('mute')
})

test('a disk that leads to other files once its guest has run is not made a template’s', {
  timeout: 60_000,
}, async () => {
  const place = join(folder.path, 'instances')
  const secret = join(folder.path, 'secret')
  await writeFile(secret, 'of this host')
  // As a QEMU might that its guest has taken over.
  const takenOver = (message: string) => {
    if (message !== 'writing its disk') return
    const [name = ''] = readdirSync(place).filter((each) => !each.startsWith('.'))
    const disk = join(place, name, 'disk.qcow2')
    execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-F', 'raw', '-b', secret, disk])
  }
  const disk = { image: join(tinyGuest(), 'disk.qcow2'), clone: { storage_pool_path: place } }
  const build = folder.build('taken', folder.resources({ identity: false, disk }), undefined, takenOver)
  await expect(build).rejects.toMatchObject({
    code: 'TEMPLATE_BUILD',
    message: expect.stringContaining('leads to other files'),
  })
})

test('a build that is interrupted leaves nothing', { timeout: 60_000 }, async () => {
  const abort = new AbortController()
  const build = folder.build('late', folder.resources(), abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 1500)
  await expect(build).rejects.toThrow('enough')
  expect((await readdir(join(folder.path, 'templates'))).filter((name) => name.includes('late'))).toEqual([
    '.late.lock',
  ])
})

test('a guest that no provider can freeze is reported', async () => {
  const path = join(folder.path, 'other.json')
  await writeFile(path, '{ "hypervisor": "lxc:///" }')
  await expect(folder.build('other', path)).rejects.toMatchObject({
    code: 'TEMPLATE_BUILD',
    message: expect.stringContaining('hypervisor is of lxc'),
  })
})
