import { existsSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { lockFile } from '../host/file-lock.ts'
import { TemplateStore } from '../templates/template-store.ts'
import { writtenTemplate } from '../templates/testing/written-template.ts'
import { guestRoot } from './guest-root.ts'
import { GuestStore } from './guest-store.ts'

const { signal } = new AbortController()
const [ONE, TWO] = ['1'.repeat(16), '2'.repeat(16)]

let folder = ''
let store = new GuestStore('')
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-guests-'))
  store = new GuestStore(folder)
  vi.stubEnv('SEE_TEMPLATES', join(folder, 'templates'))
})
afterEach(async () => {
  vi.unstubAllEnvs()
  await rm(folder, { recursive: true })
})

/** What guest/with-packages.sh leaves of a guest. */
async function built(key: string, ...names: readonly string[]): Promise<string> {
  const path = join(folder, 'with-packages', key)
  await mkdir(path, { recursive: true })
  await mkdir(join(folder, 'names'), { recursive: true })
  const manifest = {
    version: 1,
    created: '2026-11-27T12:00:00Z',
    asked: ['python3'],
    packages: ['python3=3.11.2-1+b1'],
    disk_mib: 300,
    programs: ['python3', 'sh'],
    libraries: ['libc.so.6'],
  }
  await writeFile(join(path, 'manifest.json'), JSON.stringify(manifest))
  await writeFile(join(path, 'disk.qcow2'), 'a disk')
  for (const name of names) await symlink(`../with-packages/${key}`, join(folder, 'names', name))
  return path
}

const listed = async () => (await store.list()).map(({ key, names }) => [key, names])

test('the cache is that of the builder', () => {
  vi.stubEnv('SEE_GUEST_CACHE', '')
  const uid = process.getuid?.() ?? 0
  expect(guestRoot()).toBe(uid === 0 ? '/var/cache/see/guest' : `/var/tmp/see-${uid}/guest`)
  vi.stubEnv('SEE_GUEST_CACHE', '/a/b/../c')
  expect(guestRoot()).toBe('/a/c')
})

test('guests are listed in order of their names, those without one last', async () => {
  expect(await listed()).toEqual([])
  await built(ONE)
  await built(TWO, 'py', 'also')
  await symlink('/etc', join(folder, 'names', 'elsewhere'))
  expect(await listed()).toEqual([
    [TWO, ['also', 'py']],
    [ONE, []],
  ])
})

test('a guest is opened by a name and by its key', async () => {
  const path = await built(ONE, 'py')
  for (const name of ['py', ONE]) {
    const guest = await store.open(name)
    expect(guest).toMatchObject({ key: ONE, names: ['py'], folder: path, disk: join(path, 'disk.qcow2') })
    expect(guest.manifest.programs).toContain('python3')
  }
  for (const name of ['none', TWO, '..', '']) {
    await expect(store.open(name)).rejects.toMatchObject({
      code: 'GUEST_MISSING',
      message: expect.stringMatching(/there are: py\); build it: npx see guest build/),
    })
  }
})

test('what another user could have changed is not opened', async () => {
  const path = await built(ONE, 'py')
  await chmod(path, 0o777)
  await expect(store.open('py')).rejects.toMatchObject({ code: 'FILE_UNTRUSTED' })
  await expect(store.list()).rejects.toMatchObject({ code: 'FILE_UNTRUSTED' })
})

test('a manifest of another version is refused by name', async () => {
  const path = await built(ONE, 'py')
  await writeFile(join(path, 'manifest.json'), '{"version": 2}')
  await expect(store.open('py')).rejects.toMatchObject({
    code: 'FILE_UNREADABLE',
    message: expect.stringContaining(path),
  })
})

test('a guest is gone with its last name', async () => {
  const path = await built(ONE, 'py', 'also')
  await store.remove(['py'], signal)
  expect(await listed()).toEqual([[ONE, ['also']]])
  await store.remove(['also'], signal)
  expect(existsSync(path)).toBe(false)
  expect(await readdir(folder)).toEqual(['.with-packages.lock', 'names', 'with-packages'])
})

test('by its key it is removed with all names, and several together', async () => {
  await built(ONE, 'py', 'also')
  await built(TWO, 'two')
  await store.remove([ONE, 'two', 'two'], signal)
  expect(await listed()).toEqual([])
  expect(await readdir(join(folder, 'names'))).toEqual([])
})

test('an unknown name, and nothing is removed', async () => {
  await built(ONE, 'py')
  await expect(store.remove(['py', 'none'], signal)).rejects.toMatchObject({ code: 'GUEST_MISSING' })
  expect(await listed()).toEqual([[ONE, ['py']]])
})

test('one on which a guest runs is kept; another name of it may go', async () => {
  const path = await built(ONE, 'py', 'also')
  await using running = await lockFile(join(path, 'disk.qcow2'), signal)
  expect(running.isCurrent).toBe(true)
  await expect(store.remove(['py', 'also'], signal)).rejects.toMatchObject({ code: 'GUEST_IN_USE' })
  expect(await listed()).toEqual([[ONE, ['also', 'py']]])
  await store.remove(['also'], signal)
  await rm(join(folder, 'names', 'py'))
  await store.tidy(ONE, signal)
  expect(await listed()).toEqual([[ONE, []]])
})

test('one of which a template was made is kept, and the template named', async () => {
  const path = await built(ONE, 'py')
  const disk = join(folder, 'names', 'py', 'disk.qcow2')
  await new TemplateStore().build('frozen', writtenTemplate('frozen', disk), signal)
  await expect(store.remove(['py'], signal)).rejects.toMatchObject({
    code: 'GUEST_IN_USE',
    message: expect.stringContaining('npx see template rm frozen'),
  })
  expect(existsSync(path)).toBe(true)
  await new TemplateStore().remove('frozen', signal)
  await store.remove(['py'], signal)
  expect(existsSync(path)).toBe(false)
})

test('what has lost its name is tidied away, what has one is not', async () => {
  await built(ONE)
  await built(TWO, 'py')
  for (const key of [ONE, TWO, '3'.repeat(16)]) await store.tidy(key, signal)
  expect(await listed()).toEqual([[TWO, ['py']]])
})
