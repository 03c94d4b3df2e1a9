import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { embeddedFactory } from '../providers/embedded/embedded.ts'
import { qemuFactory } from '../providers/libvirt/qemu/qemu.ts'
import { vboxFactory } from '../providers/libvirt/vbox/vbox.ts'
import { createLogger } from '../common/logger.ts'
import { buildTemplate } from '../freezing/build-template.ts'
import { qcow2Header, qedHeader, vmdkDescriptor, vmdkSparse } from './testing/image-headers.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-hostile-'))
const images = join(folder, 'images')
const elsewhere = join(folder, 'elsewhere')
const allowed = join(folder, 'allowed')
const instances = join(folder, 'i')
/** What only root can read: in another folder, and beside the images. */
const secret = join(elsewhere, 'secret')
const besideSecret = join(images, 'secret')
let server: Server
let port = 0
let connections = 0

const domainXml = `<domain type="qemu">
  <name>mine</name>
  <memory unit="MiB">64</memory>
  <os><type arch="x86_64" machine="pc-q35-7.2">hvm</type></os>
  <devices>
    <disk type="file" device="disk"><driver name="qemu" type="qcow2"/><source file="/nowhere"/><target dev="vda" bus="virtio"/></disk>
  </devices>
</domain>`

beforeAll(async () => {
  chmodSync(folder, 0o755)
  for (const each of [images, elsewhere, allowed]) mkdirSync(each)
  process.env['SEE_TEMPLATES'] = join(folder, 'templates')
  for (const path of [secret, besideSecret]) {
    writeFileSync(path, Buffer.alloc(1024 * 1024, 'secret'), { mode: 0o600 })
  }
  writeFileSync(join(elsewhere, 'open'), Buffer.alloc(1024 * 1024, 'open'))
  writeFileSync(join(folder, 'domain.xml'), domainXml)
  execFileSync('mkfifo', [join(images, 'pipe'), join(images, 'backing-pipe')])
  execFileSync('mknod', [join(images, 'device'), 'c', '1', '3'])
  server = createServer((socket) => {
    // Silent, as a server that holds an allocation for a minute.
    connections++
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  port = typeof address === 'object' && address !== null ? address.port : 0
})

afterAll(() => {
  delete process.env['SEE_TEMPLATES']
  server.close()
  rmSync(folder, { recursive: true })
})

function image(content: Buffer | string): string {
  const path = join(images, `${randomUUID()}.img`)
  writeFileSync(path, content)
  return path
}

const nbd = () => `nbd://127.0.0.1:${port}/x`
const jsonNbd = () => `json:{"driver":"nbd","server":{"type":"inet","host":"127.0.0.1","port":"${port}"}}`

const hostile: [string, () => string, string][] = [
  [
    'whose backing file is elsewhere',
    () => image(qcow2Header({ backing: secret, backingFormat: 'raw' })),
    'IMAGE_REFUSED',
  ],
  [
    'whose backing file beside it only root can read',
    () => image(qcow2Header({ backing: 'secret', backingFormat: 'raw' })),
    'IMAGE_REFUSED',
  ],
  [
    'whose backing file is backed by a file that is elsewhere',
    () =>
      image(
        qcow2Header({
          backing: image(qcow2Header({ backing: secret, backingFormat: 'raw' })),
          backingFormat: 'qcow2',
        }),
      ),
    'IMAGE_REFUSED',
  ],
  ['whose data is in another file', () => image(qcow2Header({ dataFile: secret })), 'IMAGE_REFUSED'],
  [
    'that is a QED with a backing file elsewhere',
    () => image(qedHeader(secret, { isRaw: true })),
    'IMAGE_REFUSED',
  ],
  [
    'that is a VMDK descriptor of a file elsewhere',
    () => image(vmdkDescriptor([`RW 2048 FLAT "${secret}" 0`])),
    'IMAGE_INVALID',
  ],
  [
    'that is a VMDK with a parent elsewhere',
    () => image(vmdkSparse(vmdkDescriptor(['RW 2048 SPARSE "x.vmdk"'], secret))),
    'IMAGE_REFUSED',
  ],
  [
    'backed by a network address',
    () => image(qcow2Header({ backing: nbd(), backingFormat: 'raw' })),
    'IMAGE_REFUSED',
  ],
  [
    'backed by a network address in JSON',
    () => image(qcow2Header({ backing: jsonNbd(), backingFormat: 'raw' })),
    'IMAGE_REFUSED',
  ],
  ['that is a named pipe', () => join(images, 'pipe'), 'IMAGE_INVALID'],
  ['backed by a named pipe', () => image(qcow2Header({ backing: 'backing-pipe' })), 'IMAGE_REFUSED'],
  ['that is a device', () => join(images, 'device'), 'IMAGE_INVALID'],
  ['of the kernel', () => '/proc/kcore', 'IMAGE_INVALID'],
  ['that is encrypted', () => image(qcow2Header({ encryption: 1 })), 'IMAGE_REFUSED'],
]

function factsOf(path: string): object {
  const { uid, gid, mode, ctimeNs } = statSync(path, { bigint: true })
  return { uid, gid, mode, ctimeNs }
}

const facts = () => [secret, besideSecret].map(factsOf)

async function poolsOf(identifier: string): Promise<string[]> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  return (await hypervisor.listAllStoragePools())
    .map(({ name }) => name)
    .filter((name) => name === identifier)
}

interface Asked {
  readonly disk: { readonly image: string; readonly clone: object }
  readonly identifier: string
}

/** One that is allocated all the same is taken away. */
async function allocated(allocation: Promise<{ deallocate(): Promise<void> }>): Promise<void> {
  await (await allocation).deallocate()
}

const ofLibvirt = () => ({ domain: { configuration: join(folder, 'domain.xml') } })

async function build(resources: object): Promise<void> {
  const file = join(folder, `${randomUUID()}.json`)
  writeFileSync(file, JSON.stringify(resources))
  const { signal } = new AbortController()
  const options = { signal, logger: createLogger('silent'), timeoutMs: 1000, progress: () => undefined }
  await buildTemplate(file, 'hostile', options)
}

/** Everything that makes something of an image. */
const ways: [string, boolean, (asked: Asked) => Promise<unknown>][] = [true, false].flatMap((copyOnWrite) => [
  [
    'an embedded guest',
    copyOnWrite,
    ({ disk, identifier }) =>
      allocated(Environment.allocate(embeddedFactory({ disk }), undefined, { identifier })),
  ],
  [
    'a guest through libvirt',
    copyOnWrite,
    ({ disk, identifier }) =>
      allocated(Environment.allocate(qemuFactory({ ...ofLibvirt(), disk }), undefined, { identifier })),
  ],
  ['a template of an embedded guest', copyOnWrite, ({ disk }) => build({ hypervisor: 'embedded:///', disk })],
  [
    'a template of a guest through libvirt',
    copyOnWrite,
    ({ disk }) => build({ hypervisor: 'qemu:///system', ...ofLibvirt(), disk }),
  ],
])

describe.each(ways)('of %s, copy_on_write %s', (_way, copyOnWrite, make) => {
  test.each(hostile)('an image %s is refused before anything opens it', async (_what, imageOf, code) => {
    const path = imageOf()
    const identifier = randomUUID()
    const before = facts()
    connections = 0
    const started = performance.now()
    const clone = { storage_pool_path: instances, copy_on_write: copyOnWrite }
    await expect(make({ disk: { image: path, clone }, identifier })).rejects.toMatchObject({ code })
    expect(performance.now() - started).toBeLessThan(5000)
    expect(connections).toBe(0)
    expect(facts()).toEqual(before)
    expect(await poolsOf(identifier)).toEqual([])
    expect(existsSync(instances) ? readdirSync(instances) : []).not.toContain(identifier)
  })
})

test('a kernel that is a named pipe is refused', async () => {
  const factory = embeddedFactory({ machine: { kernel: join(images, 'pipe') } })
  await expect(Environment.allocate(factory)).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringMatching(/images\/pipe.*named pipe/),
  })
})

test('an image for VirtualBox is looked at as well', async () => {
  for (const [format, bytes] of [
    ['vmdk', vmdkSparse(vmdkDescriptor([], secret))],
    ['pipe', undefined],
  ] as const) {
    const path = bytes === undefined ? join(images, format) : image(bytes)
    const factory = vboxFactory({ ...ofLibvirt(), disk: { image: path } })
    await expect(Environment.allocate(factory)).rejects.toMatchObject({
      code: expect.stringMatching(/^IMAGE_(REFUSED|INVALID)$/),
    })
  }
})

/** A raw disk below two overlays, the lower of which is in a folder that has to be allowed. */
function chain(): string[] {
  const name = randomUUID()
  const [raw, middle, top] = ['raw', 'middle', 'top'].map((each) => join(allowed, `${name}.${each}`))
  if (raw === undefined || middle === undefined || top === undefined) throw new Error('three are named')
  writeFileSync(raw, Buffer.alloc(1024 * 1024, 0x5e))
  writeFileSync(middle, qcow2Header({ backing: raw, backingFormat: 'raw' }))
  const last = join(images, `${name}.top`)
  writeFileSync(last, qcow2Header({ backing: middle, backingFormat: 'qcow2' }))
  return [last, middle, raw]
}

test('a chain is written out for libvirt, whose bases keep owner, mode and time', async () => {
  const files = chain()
  const [top = ''] = files
  const before = files.map(factsOf)
  const disk = { image: top, backing_folders: [allowed], clone: { storage_pool_path: instances } }
  await expect(
    Environment.allocate(qemuFactory({ ...ofLibvirt(), disk: { ...disk, backing_folders: [] } })),
  ).rejects.toMatchObject({ code: 'IMAGE_REFUSED' })
  const environment = await Environment.allocate(qemuFactory({ ...ofLibvirt(), disk }))
  onTestFinished(() => environment.deallocate())
  const { context } = environment
  await context.poweron()
  const xml = await context.domain.getXMLDesc()
  const named = Array.from(xml.matchAll(/<source file='([^']*)'/g), ([, path]) => path)
  const clone = join(instances, environment.identifier, `${environment.identifier}.qcow2`)
  expect(named).toEqual([clone, ...files])
  expect(xml.match(/<backingStore\/>/g)).toHaveLength(1)
  expect(statSync(clone).uid).not.toBe(0)
  expect(files.map(factsOf)).toEqual(before)
  await context.poweroff()
  await context.poweron()
  await environment.deallocate()
  expect(files.map(factsOf)).toEqual(before)
})

test('embedded, a copy of a chain has the content of all of it, and needs none of it', async () => {
  const [top = ''] = chain()
  const clone = { storage_pool_path: instances, copy_on_write: false }
  const disk = { image: top, backing_folders: [allowed], clone }
  await using environment = await Environment.allocate(embeddedFactory({ disk }))
  const copy = join(environment.context.storagePool.path, 'disk.qcow2')
  const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', copy], { encoding: 'utf8' }))
  expect(info['backing-filename']).toBeUndefined()
  execFileSync('qemu-img', ['compare', '-q', top, copy])
})

test('through libvirt, a copy of a chain has the content of all of it, and needs none of it', async () => {
  const [top = ''] = chain()
  const clone = { storage_pool_path: instances, copy_on_write: false }
  const disk = { image: top, backing_folders: [allowed], clone }
  await using environment = await Environment.allocate(qemuFactory({ ...ofLibvirt(), disk }))
  const { identifier, context } = environment
  const copy = join(instances, identifier, `${identifier}.qcow2`)
  const info = JSON.parse(execFileSync('qemu-img', ['info', '--output=json', copy], { encoding: 'utf8' }))
  expect(info['backing-filename']).toBeUndefined()
  execFileSync('qemu-img', ['compare', '-q', top, copy])
  await context.poweron()
  expect(await context.domain.getXMLDesc()).toContain('<backingStore/>')
})

test('an image that only root can read can be copied but not overlaid', async () => {
  const path = image(qcow2Header())
  chmodSync(path, 0o600)
  const disk = { image: path, clone: { storage_pool_path: instances } }
  for (const allocate of [
    () => Environment.allocate(embeddedFactory({ disk })),
    () => Environment.allocate(qemuFactory({ ...ofLibvirt(), disk })),
  ]) {
    await expect(allocate()).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringMatching(/cannot read .*copy_on_write: false/),
    })
  }
  const copied = { ...disk, clone: { ...disk.clone, copy_on_write: false } }
  await using embedded = await Environment.allocate(embeddedFactory({ disk: copied }))
  await using through = await Environment.allocate(qemuFactory({ ...ofLibvirt(), disk: copied }))
  expect(embedded.identifier).not.toBe(through.identifier)
  await through.context.poweron()
  expect(statSync(path).mode & 0o777).toBe(0o600)
})

function made(format: string): string {
  const path = join(images, `${randomUUID()}.${format}`)
  execFileSync('qemu-img', ['create', '-q', '-f', format, path, '4M'])
  return path
}

interface RunFrom {
  readonly image: string
  readonly format?: 'raw'
  readonly copyOnWrite?: boolean
}

async function poweredOn({ copyOnWrite = true, ...wanted }: RunFrom): Promise<void> {
  const disk = { ...wanted, clone: { storage_pool_path: instances, copy_on_write: copyOnWrite } }
  await using environment = await Environment.allocate(qemuFactory({ ...ofLibvirt(), disk }))
  await environment.context.poweron()
}

test.each(['qed', 'vdi', 'vmdk', 'vpc'])(
  'a guest through libvirt runs on an overlay of a %s',
  async (format) => {
    await poweredOn({ image: made(format) })
  },
)

test('through libvirt a VHDX is copied, and refused as a base of an overlay', async () => {
  const path = made('vhdx')
  await expect(poweredOn({ image: path })).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringMatching(/is a vhdx image.*copy_on_write: false/),
  })
  await poweredOn({ image: path, copyOnWrite: false })
})

test('a guest runs on a blank raw disk if its format is configured', async () => {
  const path = made('raw')
  await expect(poweredOn({ image: path })).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringContaining('"format": "raw"'),
  })
  await poweredOn({ image: path, format: 'raw' })
  await poweredOn({ image: path, format: 'raw', copyOnWrite: false })
})
