import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { Readable } from 'node:stream'
import { Environment } from '@see/core'
import { expect, test } from 'vitest'
import { factoryWithDisk } from './testing/disk-images.ts'
import { temporaryFolder } from './testing/temporary-folder.ts'

test('says that the disk is full, and leaves nothing on it', async () => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'see-test', folder])
  try {
    const disk = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(200_000, 'x')])
    const image = { path: '/nowhere', format: 'raw' }
    const factory = factoryWithDisk({ image, read: async () => Readable.from([disk]) })
    const configuration = { results_folder: folder, checkpoint_on_event: 'post_pause' }
    await using environment = await Environment.allocate(factory, {
      hooks: [{ name: '@see/hooks#DiskCheckPointHook', configuration }],
    })
    await environment.context.poweron()
    await environment.context.pause()
    expect(environment.context.failures).toMatchObject([{ error: { code: 'DISK_FULL' } }])
    expect(readdirSync(folder)).toEqual([])
  } finally {
    execFileSync('umount', [folder])
  }
})
