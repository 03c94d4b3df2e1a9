import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TemplateFolder } from './support/template-guest.ts'

test.each([
  ['the memory', 100],
  ['the disk', 198],
])(
  'a disk that has no room for %s is reported, and nothing is left',
  { timeout: 60_000 },
  async (_what, mib) => {
    using folder = new TemplateFolder()
    const store = join(folder.path, 'templates')
    await mkdir(store)
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${mib}M,mode=755`, 'tmpfs', store])
    try {
      const build = folder.build('tiny', folder.resources())
      await expect(build).rejects.toMatchObject({ code: 'DISK_FULL' })
      expect(readdirSync(store)).toEqual(['.tiny.lock'])
    } finally {
      execFileSync('umount', [store])
    }
  },
)

test('a file system that reserves no room is not taken for a full one', { timeout: 60_000 }, async () => {
  using folder = new TemplateFolder()
  const store = join(folder.path, 'templates')
  const image = join(folder.path, 'ext')
  await mkdir(store)
  await writeFile(image, '')
  await truncate(image, 600 * 1024 * 1024)
  execFileSync('mke2fs', ['-q', '-t', 'ext2', image])
  execFileSync('mount', ['-o', 'loop', image, store])
  try {
    const build = folder.build('tiny', folder.resources())
    await expect(build).rejects.toMatchObject({
      code: 'TEMPLATE_BUILD',
      message: expect.stringMatching(/not supported.*SEE_TEMPLATES/),
    })
  } finally {
    execFileSync('umount', [store])
  }
})
