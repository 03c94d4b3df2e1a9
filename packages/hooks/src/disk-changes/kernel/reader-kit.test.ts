import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readerKit } from './reader-kit.ts'
import { temporaryFolder } from '../../testing/temporary-folder.ts'

function kitIn(folder: string): string {
  mkdirSync(folder, { mode: 0o755 })
  for (const name of ['reader.vmlinuz', 'reader.initrd'])
    writeFileSync(join(folder, name), '', { mode: 0o644 })
  return folder
}

test('finds the kernel and initramfs of a folder, and wants none for null', async () => {
  await using temporary = await temporaryFolder()
  const folder = kitIn(join(temporary.path, 'kit'))
  expect(await readerKit(folder)).toEqual({
    kernel: join(folder, 'reader.vmlinuz'),
    initramfs: join(folder, 'reader.initrd'),
  })
  expect(await readerKit(null)).toBeUndefined()
})

test('takes nothing that others may have put there', async () => {
  await using temporary = await temporaryFolder()
  const folder = kitIn(join(temporary.path, 'kit'))
  chmodSync(join(folder, 'reader.initrd'), 0o666)
  expect(await readerKit(folder)).toEqual({ missing: expect.stringContaining('others may write to it') })
})
