import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { ImageFile } from './image-file.ts'
import { detectFormat, readImageHeader } from './image-header.ts'

const folder = mkdtempSync(join(tmpdir(), 'see-disk-image-'))
afterAll(() => rmSync(folder, { recursive: true }))

async function detectDiskFormat(path: string): Promise<string> {
  await using file = await ImageFile.open(path)
  return await detectFormat(file)
}

test.each(['qcow2', 'qed', 'vmdk', 'vhdx', 'vpc', 'vdi'])('knows a %s made by qemu-img', async (format) => {
  const path = join(folder, `image.${format}`)
  execFileSync('qemu-img', ['create', '-q', '-f', format, path, '4M'])
  expect(await detectDiskFormat(path)).toBe(format)
  await using file = await ImageFile.open(path)
  expect(await readImageHeader(file, await detectFormat(file))).not.toHaveProperty(
    'refusal',
    expect.any(String),
  )
})

test('knows a raw disk by its file system or its partition table', async () => {
  const fileSystem = join(folder, 'ext4')
  writeFileSync(fileSystem, Buffer.alloc(4 * 1024 * 1024))
  execFileSync('mke2fs', ['-q', '-t', 'ext4', fileSystem])
  expect(await detectDiskFormat(fileSystem)).toBe('raw')
  const partitioned = join(folder, 'partitioned')
  const sector = Buffer.alloc(512)
  sector.writeUInt16BE(0x55aa, 510)
  writeFileSync(partitioned, sector)
  expect(await detectDiskFormat(partitioned)).toBe('raw')
})

test.each([
  ['a text', Buffer.from('this is not a disk\n'.repeat(100))],
  ['nothing', Buffer.alloc(0)],
  ['zeroes', Buffer.alloc(1024 * 1024)],
])('refuses %s', async (name, content) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  await expect(detectDiskFormat(path)).rejects.toMatchObject({
    code: 'IMAGE_INVALID',
    message: expect.stringContaining(`${path} is not a disk image`),
  })
})

test('refuses what is missing or a folder, naming it', async () => {
  for (const path of [join(folder, 'missing'), folder]) {
    await expect(detectDiskFormat(path)).rejects.toMatchObject({
      code: 'IMAGE_INVALID',
      message: expect.stringContaining(path),
    })
  }
})
