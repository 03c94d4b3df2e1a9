import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, onTestFinished, test, vi } from 'vitest'
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
const never = new AbortController().signal

test.each(['qcow2', 'raw'] as const)('is an empty overlay of a %s image', async (format) => {
  const base = image(`base, with: all "${format}"`, '8M', format)
  expect(await written(await emptyOverlay(base, never), `${format}.qcow2`)).toMatchObject({
    format: 'qcow2',
    'virtual-size': 8 * MIB,
    'backing-filename': base.path,
    'backing-filename-format': format,
  })
})

test('is made once for guests that come one after the other and at a time', async () => {
  const base = image('popular', '8M')
  const [one, other] = await Promise.all([emptyOverlay(base, never), emptyOverlay(base, never)])
  expect(one).toBe(other)
  expect(await emptyOverlay(base, never)).toBe(one)
})

test('is another when the image was changed', async () => {
  const base = image('changing', '8M')
  await emptyOverlay(base, never)
  image('changing', '16M')
  expect(await written(await emptyOverlay(base, never), 'changed.qcow2')).toMatchObject({
    'virtual-size': 16 * MIB,
  })
})

test('is another by another name and format', async () => {
  const base = image('alias', '8M')
  const overlay = await emptyOverlay({ path: base.path, format: 'raw' }, never)
  expect(await written(overlay, 'raw-alias.qcow2')).toMatchObject({ 'backing-filename-format': 'raw' })
  expect(await emptyOverlay(base, never)).not.toBe(overlay)
})

test('says which image has none, and leaves nothing', async () => {
  const path = join(folder, 'short')
  writeFileSync(path, 'QFI\xfb')
  // Other tests have some in the common one.
  vi.stubEnv('TMPDIR', mkdtempSync(join(folder, 'temporary-')))
  onTestFinished(() => void vi.unstubAllEnvs())
  const failure = { code: 'STORAGE_FAILED', message: expect.stringContaining(path) }
  await expect(emptyOverlay({ path, format: 'qcow2' }, never)).rejects.toMatchObject(failure)
  await expect(emptyOverlay({ path: '/nowhere', format: 'raw' }, never)).rejects.toMatchObject({
    code: 'STORAGE_FAILED',
    message: expect.stringContaining('/nowhere'),
  })
  expect(readdirSync(tmpdir())).toEqual([])
})

test('is not written over a file that is there', async () => {
  const overlay = await emptyOverlay(image('kept', '8M'), never)
  const target = join(folder, 'taken')
  writeFileSync(target, 'mine')
  await expect(writeOverlay(target, overlay)).rejects.toMatchObject({ code: 'STORAGE_FAILED' })
})

test('is not waited for by who has aborted, and is there for who has not', async () => {
  const base = image('slow', '8M')
  const slow = join(folder, 'bin')
  mkdirSync(slow)
  const script = '#!/bin/sh\nsleep 1\nexec /usr/bin/qemu-img "$@"\n'
  writeFileSync(join(slow, 'qemu-img'), script, { mode: 0o755 })
  vi.stubEnv('PATH', `${slow}:${process.env['PATH']}`)
  onTestFinished(() => void vi.unstubAllEnvs())
  const abort = new AbortController()
  const [aborted, other] = [emptyOverlay(base, abort.signal), emptyOverlay(base, never)]
  abort.abort(new Error('enough'))
  await expect(Promise.race([aborted, other])).rejects.toThrow('enough')
  expect(await written(await other, 'slow.qcow2')).toMatchObject({ 'virtual-size': 8 * MIB })
})
