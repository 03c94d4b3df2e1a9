import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Environment } from '../environment.ts'
import { embeddedFactory } from '../resources/embedded/embedded.ts'
import { qemuFactory } from '../resources/qemu.ts'
import { qcow2Header, qedHeader, vmdkDescriptor, vmdkSparse } from './testing/image-headers.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-hostile-'))
const images = join(folder, 'images')
const elsewhere = join(folder, 'elsewhere')
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
  for (const each of [images, elsewhere]) mkdirSync(each)
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

const facts = () =>
  [secret, besideSecret].map((path) => {
    const { uid, gid, mode, ctimeMs } = statSync(path)
    return { uid, gid, mode, ctimeMs }
  })

const ways: [string, boolean][] = [
  ['embedded', true],
  ['embedded', false],
  ['libvirt', true],
  ['libvirt', false],
]

describe.each(ways)('%s, copy_on_write %s', (provider, copyOnWrite) => {
  test.each(hostile)(
    'an image %s is refused before anything opens it',
    { timeout: 90_000 },
    async (_what, make, code) => {
      const path = make()
      const identifier = randomUUID()
      const before = facts()
      connections = 0
      const started = performance.now()
      const instances = join(folder, 'instances')
      const configuration = join(folder, 'domain.xml')
      const disk = { image: path, clone: { storage_pool_path: instances, copy_on_write: copyOnWrite } }
      const allocation =
        provider === 'embedded'
          ? Environment.allocate(embeddedFactory({ disk }), undefined, { identifier })
          : Environment.allocate(qemuFactory({ disk, domain: { configuration } }), undefined, { identifier })
      // One that is allocated all the same is taken away.
      void allocation.then((environment) => environment.deallocate()).catch(() => undefined)
      await expect(allocation).rejects.toMatchObject({ code })
      expect(performance.now() - started).toBeLessThan(5000)
      expect(connections).toBe(0)
      expect(facts()).toEqual(before)
      await using hypervisor = await Hypervisor.open('qemu:///system')
      await expect(hypervisor.storagePoolLookupByUUID(identifier)).rejects.toMatchObject({
        code: 'VIR_ERR_NO_STORAGE_POOL',
      })
      expect(readdirSync(folder)).not.toContain(identifier)
    },
  )
})
