import { execFileSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { emptyOverlay, writeOverlay } from './empty-overlay.ts'

let folder: string
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'see-'))
})
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function image(name: string, size: string, format: 'qcow2' | 'raw' = 'qcow2') {
  const path = join(folder, name)
  execFileSync('qemu-img', ['create', '-q', '-f', format, path, size])
  return { path, format }
}

async function written(overlay: Uint8Array, name: string): Promise<unknown> {
  const path = join(folder, name)
  await writeOverlay(path, overlay)
  return JSON.parse(execFileSync('qemu-img', ['info', '--output=json', path]).toString())
}

const MIB = 1024 * 1024

test.each(['qcow2', 'raw'] as const)('is an empty overlay of a %s image', async (format) => {
  const base = image(`base, with: all "${format}"`, '8M', format)
  expect(await written(await emptyOverlay(base), `${format}.qcow2`)).toMatchObject({
    format: 'qcow2',
    'virtual-size': 8 * MIB,
    'backing-filename': base.path,
    'backing-filename-format': format,
  })
})

test('is made once for guests that come one after the other and at a time', async () => {
  const base = image('popular', '8M')
  const [one, other] = await Promise.all([emptyOverlay(base), emptyOverlay(base)])
  expect(one).toBe(other)
  expect(await emptyOverlay(base)).toBe(one)
})

test('is another when the image was changed', async () => {
  const base = image('changing', '8M')
  await emptyOverlay(base)
  image('changing', '16M')
  expect(await written(await emptyOverlay(base), 'changed.qcow2')).toMatchObject({ 'virtual-size': 16 * MIB })
})

test('is another by another name and format', async () => {
  const base = image('alias', '8M')
  const overlay = await emptyOverlay({ path: base.path, format: 'raw' })
  expect(await written(overlay, 'raw-alias.qcow2')).toMatchObject({ 'backing-filename-format': 'raw' })
  expect(await emptyOverlay(base)).not.toBe(overlay)
})

test('says which image has none, and leaves nothing', async () => {
  const path = join(folder, 'short')
  writeFileSync(path, 'QFI\xfb')
  const before = readdirSync(tmpdir()).filter((name) => name.startsWith('see-overlay-'))
  const failure = { code: 'STORAGE_FAILED', message: expect.stringContaining(path) }
  await expect(emptyOverlay({ path, format: 'qcow2' })).rejects.toMatchObject(failure)
  await expect(emptyOverlay({ path: '/nowhere', format: 'raw' })).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining('/nowhere'),
  })
  expect(readdirSync(tmpdir()).filter((name) => name.startsWith('see-overlay-'))).toEqual(before)
})

test('is not written over a file that is there', async () => {
  const overlay = await emptyOverlay(image('kept', '8M'))
  const target = join(folder, 'taken')
  writeFileSync(target, 'mine')
  await expect(writeOverlay(target, overlay)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})
