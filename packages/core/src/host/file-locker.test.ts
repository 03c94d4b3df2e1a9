import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { lockFile } from './file-lock.ts'
import { FileLocker } from './file-locker.ts'

const { signal } = new AbortController()

function newFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'see-locks-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  return folder
}

test('it locks one file after the other, also against other ways to lock', async () => {
  const folder = newFolder()
  const [one, other] = [join(folder, "it's one"), join(folder, 'other')]
  await using locker = new FileLocker()
  const order: string[] = []
  for (const path of [one, other, one]) {
    const waiting = await (async () => {
      await using lock = await locker.lock(path, signal)
      expect(lock.isCurrent).toBe(true)
      const next = lockFile(path, signal).then((got) => {
        order.push('got')
        return got
      })
      await new Promise((resolve) => setTimeout(resolve, 50))
      order.push('released')
      return { next }
    })()
    await using got = await waiting.next
    expect(got.isCurrent).toBe(true)
  }
  expect(order).toEqual(['released', 'got', 'released', 'got', 'released', 'got'])
})

test('a wait is given up, and the next one begins again', async () => {
  const path = join(newFolder(), 'file')
  await using locker = new FileLocker()
  {
    await using other = await lockFile(path, signal)
    expect(other.isCurrent).toBe(true)
    const patience = new AbortController()
    const waiting = locker.lock(path, patience.signal)
    patience.abort(new Error('no patience'))
    await expect(waiting).rejects.toThrow('no patience')
  }
  await using lock = await locker.lock(path, signal)
  expect(lock.isCurrent).toBe(true)
})

test('a file that was replaced while it was waited for is not current; one that cannot be made is an error', async () => {
  const folder = newFolder()
  const path = join(folder, 'file')
  await using locker = new FileLocker()
  const held = await lockFile(path, signal)
  const waiting = locker.lock(path, signal)
  await new Promise((resolve) => setTimeout(resolve, 300))
  rmSync(path)
  await held[Symbol.asyncDispose]()
  {
    await using lock = await waiting
    expect(lock.isCurrent).toBe(false)
  }
  await expect(locker.lock(join(folder, 'none', 'file'), signal)).rejects.toMatchObject({
    code: 'IMAGE_UNAVAILABLE',
    message: expect.stringContaining('none/file'),
  })
})
