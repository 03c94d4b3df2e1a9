import { execFileSync } from 'node:child_process'
import { readdirSync } from 'node:fs'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { TemplateFolder } from './support/template-guest.ts'

test.each([
  ['the memory', 100],
  ['the disk', 198],
])(
  'a disk that has no room for %s is told of, and nothing is left',
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
