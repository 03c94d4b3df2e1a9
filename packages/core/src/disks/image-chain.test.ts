import {
  closeSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { execFileSync } from 'node:child_process'
import { afterAll, describe, expect, test } from 'vitest'
import { layersOf } from './disk-image.ts'
import { readImageChain } from './image-chain.ts'
import {
  type Qcow2Parts,
  qcow2Header,
  qedHeader,
  vmdkDescriptor,
  vmdkSparse,
} from './testing/image-headers.ts'

const root = mkdtempSync(join(tmpdir(), 'see-chain-'))
const folder = join(root, 'images')
const allowed = join(root, 'allowed')
for (const each of [folder, join(allowed, 'below'), join(root, 'elsewhere')])
  mkdirSync(each, { recursive: true })
afterAll(() => rmSync(root, { recursive: true }))

let count = 0
function write(content: Buffer | string, where = folder): string {
  const path = join(where, `image-${++count}`)
  writeFileSync(path, content)
  return path
}

function patch(path: string, offset: number, bytes: Buffer): void {
  const file = openSync(path, 'r+')
  writeSync(file, bytes, 0, bytes.length, offset)
  closeSync(file)
}

const qcow2 = (parts: Qcow2Parts = {}, where?: string) => write(qcow2Header(parts), where)
const raw = (where?: string) => write(Buffer.alloc(1024), where)

const local = { isLocal: true, backingFolders: [] }
const read = (path: string, rules: Partial<Parameters<typeof readImageChain>[1]> = {}) =>
  readImageChain(path, { ...local, ...rules })

describe('an image may be', () => {
  test.each([2, 3])(
    'a qcow2 of version %i over a file beside it, by a relative or absolute name',
    async (version) => {
      const base = raw()
      for (const backing of [base, base.slice(folder.length + 1), `./${base.slice(folder.length + 1)}`]) {
        const path = qcow2({ version, backing, backingFormat: 'raw' })
        expect(await read(path)).toMatchObject({
          path,
          format: 'qcow2',
          virtualBytes: 1024 * 1024,
          backing: { path: base, format: 'raw', virtualBytes: 1024 },
        })
      }
    },
  )

  test('an overlay of overlays, each of whose formats is its own', async () => {
    const base = write(qedHeader(raw(), { isRaw: true }))
    const path = qcow2({ backing: qcow2({ backing: base, backingFormat: 'qed' }), backingFormat: 'qcow2' })
    const formats = layersOf(await read(path)).map(({ format }) => format)
    expect(formats).toEqual(['qcow2', 'qcow2', 'qed', 'raw'])
  })

  test('an overlay of a raw disk that looks like another overlay', async () => {
    const base = qcow2({ backing: '/etc/passwd' })
    const { backing } = await read(qcow2({ backing: base, backingFormat: 'raw' }))
    expect(backing).toMatchObject({ path: base, format: 'raw' })
    expect(backing).not.toHaveProperty('backing')
  })

  test('an overlay without the format of what it is over, if that leads nowhere', async () => {
    expect((await read(qcow2({ backing: raw() }))).backing).toMatchObject({ format: 'raw' })
    expect((await read(qcow2({ backing: qcow2() }))).backing).toMatchObject({ format: 'qcow2' })
  })

  test('an overlay of what is in a folder that is allowed, or below it', async () => {
    for (const where of [allowed, join(allowed, 'below')]) {
      const path = qcow2({ backing: raw(where), backingFormat: 'raw' })
      await expect(read(path)).rejects.toMatchObject({ code: 'IMAGE_REFUSED' })
      expect(layersOf(await read(path, { backingFolders: [allowed] }))).toHaveLength(2)
      expect(layersOf(await read(path, { backingFolders: [allowed], isLocal: false }))).toHaveLength(2)
    }
  })

  test('named by a link: what counts is the folder of the file', async () => {
    const path = qcow2({ backing: raw(), backingFormat: 'raw' })
    const link = join(root, 'elsewhere', 'link')
    symlinkSync(path, link)
    expect(await read(link)).toMatchObject({ path, backing: { format: 'raw' } })
  })

  test('a blank raw disk, if that is said', async () => {
    const path = raw()
    await expect(read(path)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining('"format": "raw"'),
    })
    expect(await read(path, { format: 'raw' })).toMatchObject({ path, format: 'raw' })
  })

  test('a VMDK of one file, whatever that was called once', async () => {
    expect(
      await read(write(vmdkSparse(vmdkDescriptor(['RW 2048 SPARSE "an older name.vmdk"'])))),
    ).toMatchObject({
      format: 'vmdk',
    })
  })

  test('as deep as 32 files, and no deeper', async () => {
    const base = raw()
    let path = qcow2({ backing: base, backingFormat: 'raw' })
    for (let layers = 2; layers < 32; layers++) path = qcow2({ backing: path, backingFormat: 'qcow2' })
    expect(layersOf(await read(path))).toHaveLength(32)
    await expect(read(qcow2({ backing: path, backingFormat: 'qcow2' }))).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringContaining('more than 32'),
    })
  })
})

const outside = () => raw(join(root, 'elsewhere'))

const named: [string, () => string, RegExp][] = [
  [
    'a file elsewhere',
    () => qcow2({ backing: outside(), backingFormat: 'raw' }),
    /neither in its own folder/,
  ],
  [
    'a file elsewhere, in qcow2 of version 2',
    () => qcow2({ version: 2, backing: outside(), backingFormat: 'raw' }),
    /own folder/,
  ],
  ['a way out of its folder', () => qcow2({ backing: '../elsewhere/x', backingFormat: 'raw' }), /own folder/],
  ['a folder below its own', () => qcow2({ backing: 'below/x', backingFormat: 'raw' }), /own folder/],
  ['itself', () => qcow2({ backing: `image-${count + 1}`, backingFormat: 'qcow2' }), /overlay of itself/],
  [
    'one that names it',
    () => {
      const next = `image-${count + 2}`
      const path = qcow2({ backing: next, backingFormat: 'qcow2' })
      qcow2({ backing: path, backingFormat: 'qcow2' })
      return path
    },
    /overlay of itself/,
  ],
  ['a missing file', () => qcow2({ backing: 'nothing', backingFormat: 'raw' }), /ENOENT/],
  ['a folder', () => qcow2({ backing: '../images/.', backingFormat: 'raw' }), /own folder/],
  [
    'a link that leads elsewhere',
    () => {
      symlinkSync(outside(), join(folder, 'link-out'))
      return qcow2({ backing: 'link-out', backingFormat: 'raw' })
    },
    /a link to .*elsewhere/,
  ],
  [
    'a socket, pipe or device',
    () => {
      execFileSync('mkfifo', [join(folder, 'pipe')])
      return qcow2({ backing: 'pipe', backingFormat: 'raw' })
    },
    /named pipe/,
  ],
  ['a format of a host device', () => qcow2({ backing: raw(), backingFormat: 'host_device' }), /host_device/],
  ['a format of a network', () => qcow2({ backing: raw(), backingFormat: 'nbd' }), /format "nbd"/],
  [
    'an image without its format that names another',
    () => qcow2({ backing: qcow2({ backing: raw(), backingFormat: 'raw' }) }),
    /without its format/,
  ],
  ['its data in another file', () => qcow2({ dataFile: 'data' }), /data in another file/],
  [
    'its data in another file, whatever its features say',
    () => qcow2({ dataFile: 'data', incompatibleFeatures: 0n }),
    /data/,
  ],
  ['AES', () => qcow2({ encryption: 1 }), /is encrypted/],
  ['LUKS', () => qcow2({ encryption: 2 }), /is encrypted/],
  ['a file elsewhere, as a QED', () => write(qedHeader(outside())), /own folder/],
  [
    'a file elsewhere, deeper',
    () => qcow2({ backing: write(qedHeader(outside())), backingFormat: 'qed' }),
    /own folder/,
  ],
  ['a parent, as a VMDK', () => write(vmdkSparse(vmdkDescriptor([], '/etc/passwd'))), /parent/],
  [
    'other files, as a VMDK',
    () => write(vmdkSparse(vmdkDescriptor(['RW 1 FLAT "/etc/passwd" 0']))),
    /other files/,
  ],
  [
    'two files, as a VMDK',
    () => write(vmdkSparse(vmdkDescriptor(['RW 1 SPARSE "a"', 'RW 1 SPARSE "b"']))),
    /other files/,
  ],
  ['files only, as a VMDK', () => write(vmdkSparse(vmdkDescriptor([]), 0n)), /other files/],
]

const addresses = [
  'nbd://127.0.0.1:10809/x',
  'nbd:127.0.0.1:10809',
  'nbd+unix:///x?socket=/run/x',
  'json:{"driver":"nbd","host":"127.0.0.1"}',
  'json:{"driver":"file","filename":"/etc/shadow"}',
  'ssh://root@127.0.0.1/x',
  'http://127.0.0.1/x',
  'https://127.0.0.1/x',
  'ftp://127.0.0.1/x',
  'iscsi://127.0.0.1/x/1',
  'rbd:pool/x',
  'gluster://127.0.0.1/x/y',
  'nfs://127.0.0.1/x',
  'sheepdog:x',
  'file:/etc/passwd',
  'file:///etc/passwd',
  'host_device:/dev/sda',
  'fd:3',
  'fat:/etc',
  'vvfat:rw:/etc',
  'blkdebug::/etc/passwd',
  'blkverify:/etc/passwd:/etc/group',
  'null-co://',
  'nvme://0000:01:00.0/1',
  '/dev/fdset/3',
  '/dev/zero',
  '/proc/self/fd/0',
  '/net/server/share',
]

describe('an image is refused that names', () => {
  test.each(named)('%s', async (_what, make, message) => {
    await expect(read(make())).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringMatching(message),
    })
  })

  test.each(addresses)('%s', async (backing) => {
    for (const backingFormat of ['raw', 'qcow2', undefined]) {
      await expect(read(qcow2({ backing, backingFormat }))).rejects.toMatchObject({ code: 'IMAGE_REFUSED' })
    }
  })

  test('anything at all, when it was fetched', async () => {
    const path = qcow2({ backing: raw(), backingFormat: 'raw' })
    await expect(read(path, { isLocal: false })).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringContaining('a fetched image may only name'),
    })
  })
})

const malformed: [string, () => string][] = [
  ...[4, 8, 40, 71, 72, 100, 103].map((bytes): [string, () => string] => [
    `a qcow2 of ${bytes} bytes`,
    () => write(qcow2Header({ backing: 'x' }).subarray(0, bytes)),
  ]),
  [
    'a name behind the end',
    () => write(qcow2Header({ backing: 'x', backingOffset: 65_500n, backingLength: 36 }).subarray(0, 4096)),
  ],
  ['a name behind the first cluster', () => qcow2({ backing: 'x', backingOffset: 65_536n })],
  ['a name at an impossible place', () => qcow2({ backing: 'x', backingOffset: 2n ** 63n })],
  ['a name of 1,024 bytes', () => qcow2({ backing: 'x', backingLength: 1024 })],
  ['a name of 4 GiB', () => qcow2({ backing: 'x', backingLength: 0xffff_ffff })],
  ['a name with a zero in it', () => qcow2({ backing: 'x\0/etc/passwd' })],
  ['a name with a newline in it', () => qcow2({ backing: 'x\ny' })],
  ['a name that is no UTF-8', () => qcow2({ backing: Buffer.from([0x78, 0xff, 0xfe]) })],
  ['clusters of 16 EiB', () => qcow2({ clusterBits: 64 })],
  ['clusters of 256 bytes', () => qcow2({ clusterBits: 8 })],
  ['version 1', () => qcow2({ version: 1 })],
  ['version 4', () => qcow2({ version: 4 })],
  ['a disk of 16 EiB', () => write(Buffer.from(qcow2Header()).fill(0xff, 24, 32))],
  ['a header of 4 GiB', () => write(Buffer.from(qcow2Header()).fill(0xff, 100, 104))],
  [
    'an extension of 4 GiB',
    () => write(Buffer.from(qcow2Header({ backingFormat: 'raw' })).fill(0xff, 108, 112)),
  ],
  ['a QED of 40 bytes', () => write(qedHeader('x').subarray(0, 40))],
  ['a QED whose name is behind its header', () => write(Buffer.from(qedHeader('x')).fill(0x7f, 56, 60))],
  ['a VMDK of 100 bytes', () => write(vmdkSparse(vmdkDescriptor([])).subarray(0, 100))],
  ['a VMDK descriptor of 8 EiB', () => write(Buffer.from(vmdkSparse('')).fill(0x7f, 36, 44))],
  ['a VMDK descriptor', () => write(vmdkDescriptor(['RW 2048 FLAT "x" 0']))],
  ['a VMDK of an ESX host', () => write(Buffer.from('COWD'.padEnd(1024, '\0')))],
  ['a VHDX of 8 bytes', () => write('vhdxfile'.slice(0, 7))],
  ['a VHD of 8 bytes', () => write('conectix')],
  ['a LUKS container', () => write(Buffer.from('LUKS\xba\xbe'.padEnd(1024, '\0'), 'latin1'))],
  ['a Parallels image', () => write('WithoutFreeSpace'.padEnd(1024, '\0'))],
]

test.each(malformed)('%s is no image, and is said to be none', async (_what, make) => {
  const path = make()
  await expect(read(path)).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringContaining(path),
  })
})

test('a header is judged without reading much of a huge image', async () => {
  const path = qcow2({ backing: raw(), backingFormat: 'raw', clusterBits: 21 })
  truncateSync(path, 2 ** 42)
  const before = process.memoryUsage().arrayBuffers
  for (let round = 0; round < 5; round++) await read(path)
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(32 * 1024 * 1024)
})

function made(format: string): string {
  const path = join(folder, `image-${++count}.${format}`)
  execFileSync('qemu-img', ['create', '-q', '-f', format, path, '4M'])
  return path
}

describe('an image of another program that has a parent is refused', () => {
  test.each(['vdi', 'vpc', 'vhdx', 'vmdk', 'qed', 'qcow2'])(
    'and one that has none is not: %s',
    async (format) => {
      expect(await read(made(format))).toMatchObject({ format })
    },
  )

  test.each([
    ['vdi', 0x1b8, Buffer.alloc(16, 1)],
    ['vdi', 0x1a8, Buffer.alloc(16, 1)],
    ['vdi', 0x4c, Buffer.from([4])],
    ['vpc', 60, Buffer.from([0, 0, 0, 4])],
    ['vpc', 512 + 40, Buffer.alloc(16, 1)],
    ['vpc', 512 + 576, Buffer.from('W2ru')],
  ])('%s', async (format, offset, bytes) => {
    const path = made(format)
    patch(path, offset, bytes)
    await expect(read(path)).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringContaining('parent'),
    })
  })

  test('vhdx', async () => {
    const path = made('vhdx')
    const fileParameters = Buffer.from('3767a1ca36fa434db3b633f0aa44e76b', 'hex')
    const content = readFileSync(path)
    const item = content.indexOf(fileParameters)
    const table = content.indexOf('metadata')
    patch(path, table + content.readUInt32LE(item + 16) + 4, Buffer.from([2]))
    await expect(read(path)).rejects.toMatchObject({
      code: 'IMAGE_REFUSED',
      message: expect.stringContaining('parent'),
    })
  })
})
