import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'
import { folderSource } from './folder-source.ts'

test('lists regular files, those in folders by their path, and no links', async () => {
  await using temporary = await temporaryFolder()
  await mkdir(join(temporary.path, 'within/deep'), { recursive: true })
  await writeFile(join(temporary.path, 'a'), 'four')
  await writeFile(join(temporary.path, 'within/deep/b'), '')
  await symlink('a', join(temporary.path, 'link'))
  expect(await folderSource(temporary.path).list()).toEqual([
    { path: 'a', bytes: 4 },
    { path: 'within/deep/b', bytes: 0 },
  ])
  expect(await folderSource(join(temporary.path, 'gone')).list()).toEqual([])
})

test('reads no more than is asked for', async () => {
  await using temporary = await temporaryFolder()
  await writeFile(join(temporary.path, 'a'), 'content')
  const source = folderSource(temporary.path)
  expect(Buffer.from((await source.read('a', 3)) ?? []).toString()).toBe('con')
  expect(Buffer.from((await source.read('a', 300)) ?? []).toString()).toBe('content')
})

test('reads nothing outside of the folder, and waits for no pipe', { timeout: 5000 }, async () => {
  await using temporary = await temporaryFolder()
  const folder = join(temporary.path, 'results')
  await mkdir(folder)
  await writeFile(join(temporary.path, 'secret'), 'mine')
  await symlink('../secret', join(folder, 'link'))
  await symlink('..', join(folder, 'up'))
  execFileSync('mkfifo', [join(folder, 'pipe')])
  const source = folderSource(folder)
  for (const path of ['link', 'up/secret', '../secret', 'pipe', 'gone', '.']) {
    expect(await source.read(path, 100), path).toBeUndefined()
  }
})
