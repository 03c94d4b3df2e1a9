import { execFileSync } from 'node:child_process'
import { Readable } from 'node:stream'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

test.each([
  ['post_pause', 'paused'],
  ['post_resume', 'running'],
])('says at %s that the disk is full, leaves nothing on it, and the guest %s', async (event, state) => {
  await using temporary = await temporaryFolder()
  const folder = temporary.path
  execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k', 'see-test', folder])
  try {
    const disk = Buffer.concat([Buffer.from('QFI\xfb', 'latin1'), Buffer.alloc(200_000, 'x')])
    const image = { path: '/nowhere', format: 'raw' }
    const guest = { disk: { image, read: async () => Readable.from([disk]) } }
    const factory = simulatedFactory({ guest })
    const configuration = { results_folder: folder, checkpoint_on_event: event }
    await using environment = await Environment.allocate(factory, {
      hooks: [{ name: '@see/hooks#DiskCheckPointHook', configuration }],
    })
    await environment.context.poweron()
    await environment.context.pause()
    if (event === 'post_resume') await environment.context.resume()
    expect(environment.context.failures).toMatchObject([{ error: { code: 'DISK_FULL' } }])
    expect(await environment.context.state()).toBe(state)
    expect(await evidenceIn(folder)).toEqual([])
  } finally {
    execFileSync('umount', [folder])
  }
})
