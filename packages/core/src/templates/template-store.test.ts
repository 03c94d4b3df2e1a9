import { randomUUID } from 'node:crypto'
import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import {
  appendFile,
  chmod,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  rename,
  rm,
  truncate,
  utimes,
  writeFile,
} from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, expect, onTestFinished, test, vi } from 'vitest'
import { machine, writtenTemplate } from './testing/written-template.ts'
import { templateRoot } from './template-root.ts'
import { TemplateStore } from './template-store.ts'

const { signal } = new AbortController()
let folder = ''
let store = new TemplateStore('')
let image = ''
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-templates-'))
  store = new TemplateStore(join(folder, 'store'))
  image = join(folder, 'image')
  await writeFile(image, 'an image')
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

const build = (name = 'tiny') => store.build(name, writtenTemplate(name, image), signal)

test('a template that was built is listed, opened, fits its machine, and is removed', async () => {
  expect(await store.list()).toEqual([])
  const built = await build()
  expect(await store.list()).toEqual(['tiny'])
  const template = await store.open('tiny')
  expect(template.manifest).toEqual(built.manifest)
  expect(template.manifest).toMatchObject({ version: 4, name: 'tiny', machine, memory: { bytes: 17 } })
  await template.assertUnchanged()
  await template.verify(signal)
  template.assertFits(machine)
  expect((await template.readState(signal)).toString()).toBe('what its devices do')
  await store.remove('tiny', signal)
  expect(await readdir(store.root)).toEqual([])
})

test.each([
  [
    'the memory file is truncated',
    async (path: string) => await truncate(join(path, 'memory'), 3),
    'has 3 bytes',
  ],
  [
    'the memory was written to',
    async (path: string) => await appendFile(join(path, 'memory'), ''),
    undefined,
  ],
  [
    'the same number of bytes was written',
    async (path: string) => await writeFile(join(path, 'memory'), 'what it forgets..'),
    'was written to',
  ],
  [
    'it was written to and has its time again',
    async (path: string) => {
      await writeFile(join(path, 'memory'), 'what it forgets..')
      const { mtime_ns: was } = (JSON.parse(await readFile(join(path, 'manifest.json'), 'utf8')) as Manifest)
        .memory
      await utimes(join(path, 'memory'), Number(was) / 1e9, Number(was) / 1e9)
    },
    /was (written to|changed)/,
  ],
  ['the state is missing', async (path: string) => await rm(join(path, 'state')), 'is missing'],
  [
    'the disk was replaced',
    async (path: string) => {
      await writeFile(join(path, 'other'), 'what it keeps')
      await rename(join(path, 'other'), join(path, 'disk.qcow2'))
    },
    'was replaced',
  ],
])('refuses a clone when %s', async (_what, damage, reason) => {
  const template = await build()
  await damage(template.folder)
  const check = template.assertUnchanged()
  if (reason === undefined) return await check
  await expect(check).rejects.toMatchObject({
    code: 'TEMPLATE_INVALID',
    message: expect.stringMatching(
      /^template "tiny": .*rebuild it: npx see template build RESOURCES.json tiny$/,
    ),
  })
  await expect(check).rejects.toThrow(reason)
})

interface Manifest {
  readonly memory: { readonly mtime_ns: string }
}

test('refuses a clone when the image that it was made from is another now', async () => {
  const template = await build()
  await writeFile(image, 'another one')
  const refused = { code: 'TEMPLATE_INVALID', message: expect.stringContaining(image) }
  await expect(template.assertUnchanged()).rejects.toMatchObject(refused)
  await rm(image)
  await expect(template.assertUnchanged()).rejects.toMatchObject(refused)
})

test('the checksums detect what the times do not', async () => {
  await store.build(
    'tiny',
    async (building, ledger) => {
      await writtenTemplate('tiny', image)(building, ledger)
      const path = join(building, 'manifest.json')
      const text = await readFile(path, 'utf8')
      await rm(path)
      await writeFile(path, text.replaceAll(/"sha256": "[0-9a-f]{64}"/g, `"sha256": "${'0'.repeat(64)}"`))
    },
    signal,
  )
  const template = await store.open('tiny')
  await template.assertUnchanged()
  await expect(template.verify(signal)).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
  await expect(template.verify(signal)).rejects.toThrow(/SHA-256 of .*memory is [0-9a-f]{64}, and was 0{64}/)
})

test.each([
  ['QEMU', { qemu_version: '8.0.0' }, "QEMU's version was 7.2.0 when it was built, and is 8.0.0 now"],
  ['the machine', { machine: 'pc-q35-8.0' }, 'the machine type was pc-q35-7.2'],
  ['the processor', { cpu: 'host' }, "the processor's model was max"],
  ['the accelerator', { accelerator: 'kvm' }, 'the accelerator was tcg'],
  [
    'the memory',
    { memory_mib: 256 },
    'the size of the memory in MiB was 192 when it was built, and is 256 now',
  ],
  ["the host's processor", { host_cpu: 'sse' }, "this host's processor was null"],
  ['the list of devices', { devices_sha256: 'b'.repeat(64) }, 'the list of devices was aaa'],
])('refuses a clone when %s is another', async (_what, difference, reason) => {
  const template = await build()
  const fit = () => template.assertFits({ ...machine, ...difference })
  expect(fit).toThrow(expect.objectContaining({ code: 'TEMPLATE_INVALID' }))
  expect(fit).toThrow(reason)
  expect(fit).toThrow('npx see template build RESOURCES.json tiny')
})

test('says which templates there are when one is missing', async () => {
  await expect(store.open('tiny')).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' })
  await build('other')
  await expect(store.open('tiny')).rejects.toThrow(
    /there are: other\); build it: npx see template build .* tiny/,
  )
  await expect(store.remove('tiny', signal)).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' })
})

test.each(['', '.', '..', '../x', '.tiny.building', 'a/b', 'a\n', 'x'.repeat(64)])(
  '%j is no name',
  async (name) => {
    await expect(store.open(name)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    await expect(store.remove(name, signal)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    await expect(build(name)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  },
)

test.each([
  ['no JSON', '{'],
  ['of another version', '{ "version": 2 }'],
  ['a list', '[]'],
])('a manifest that is %s is refused', async (_what, text) => {
  const { folder: path } = await build()
  await chmod(join(path, 'manifest.json'), 0o600)
  await writeFile(join(path, 'manifest.json'), text)
  await expect(store.open('tiny')).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
  await rm(join(path, 'manifest.json'))
  await expect(store.open('tiny')).rejects.toMatchObject({ code: 'TEMPLATE_INVALID' })
  await store.remove('tiny', signal)
})

test('a build that fails leaves nothing, and what was there as it was', async () => {
  const before = await build()
  const failing = store.build(
    'tiny',
    async (building) => {
      await writeFile(join(building, 'memory'), 'half of it')
      throw new Error('no luck')
    },
    signal,
  )
  await expect(failing).rejects.toThrow('no luck')
  expect((await store.open('tiny')).manifest).toEqual(before.manifest)
  expect((await readdir(store.root)).toSorted()).toEqual(['.tiny.lock', 'tiny'])
})

test('what a build left that was killed is never seen, and gone after the next one', async () => {
  const left = join(store.root, `.tiny.${randomUUID()}.building`)
  await mkdir(left, { recursive: true })
  await writeFile(join(left, 'memory'), 'half of it')
  expect(await store.list()).toEqual([])
  await expect(store.open('tiny')).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' })
  await build()
  expect((await readdir(store.root)).toSorted()).toEqual(['.tiny.lock', 'tiny'])
})

test('what a build left that was killed is removed like a template', async () => {
  await mkdir(join(store.root, `.tiny.${randomUUID()}.building`), { recursive: true })
  await expect(store.remove('tiny', signal)).rejects.toMatchObject({ code: 'TEMPLATE_MISSING' })
  expect(await readdir(store.root)).toEqual([])
})

test('is removed once: the second call fails, since there is none', async () => {
  await build()
  const both = await Promise.allSettled([store.remove('tiny', signal), store.remove('tiny', signal)])
  const failures = both.flatMap((each) => (each.status === 'rejected' ? [each.reason] : []))
  expect(failures).toMatchObject([{ code: 'TEMPLATE_MISSING' }])
  expect(await readdir(store.root)).toEqual([])
})

test('an overlay that cannot be read is reported like a state', async () => {
  const template = await build()
  await rm(template.path('overlay'))
  await rm(template.path('state'))
  const refused = { code: 'TEMPLATE_INVALID', message: expect.stringContaining('cannot be read') }
  await expect(template.readOverlay()).rejects.toMatchObject(refused)
  await expect(template.readState(signal)).rejects.toMatchObject(refused)
})

test('of two builds of one name, one waits for the other; an interrupted one stops waiting', async () => {
  const events = new EventEmitter()
  const [held, inside] = [once(events, 'let go'), once(events, 'inside')]
  const order: string[] = []
  const first = store.build(
    'tiny',
    async (building, ledger) => {
      events.emit('inside')
      await held
      await writtenTemplate('tiny', image)(building, ledger)
      order.push('first')
    },
    signal,
  )
  await inside
  const abort = new AbortController()
  const interrupted = store.build('tiny', async () => void order.push('interrupted'), abort.signal)
  const second = store.build(
    'tiny',
    async (building, ledger) => {
      order.push('second')
      await writtenTemplate('tiny', image)(building, ledger)
    },
    signal,
  )
  abort.abort(new Error('enough'))
  await expect(interrupted).rejects.toThrow('enough')
  events.emit('let go')
  await Promise.all([first, second])
  expect(order).toEqual(['first', 'second'])
})

test('is neither removed nor replaced while QEMU has its disk open', async () => {
  const template = await build()
  const holder = await openOverlay(join(template.folder, 'disk.qcow2'))
  await expect(store.remove('tiny', signal)).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' })
  await expect(build()).rejects.toMatchObject({ code: 'TEMPLATE_IN_USE' })
  const closed = once(holder, 'close')
  holder.kill('SIGKILL')
  await closed
  await store.remove('tiny', signal)
})

/** A process that has an overlay open, as QEMU has that of a clone. */
async function openOverlay(base: string): Promise<ChildProcess> {
  const overlay = join(folder, 'overlay.qcow2')
  execFileSync('qemu-img', ['create', '-q', '-f', 'qcow2', '-b', base, '-F', 'raw', overlay, '1M'])
  const child = spawn('qemu-io', ['-f', 'qcow2', overlay])
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test('is where the environment says', () => {
  vi.stubEnv('SEE_TEMPLATES', '/a/b')
  expect(templateRoot()).toBe('/a/b')
  // QEMU would look for the disk of a template in the folder of the clone.
  vi.stubEnv('SEE_TEMPLATES', 'a/b')
  expect(templateRoot()).toBe(resolve('a/b'))
  vi.stubEnv('SEE_TEMPLATES', '')
  vi.stubEnv('XDG_DATA_HOME', '/data')
  const getuid = vi.spyOn(process, 'getuid')
  getuid.mockReturnValue(0)
  expect(templateRoot()).toBe('/var/lib/see/templates')
  getuid.mockReturnValue(1000)
  expect(templateRoot()).toBe('/data/see/templates')
  getuid.mockRestore()
})
