import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { test } from 'vitest'

const root = fileURLToPath(new URL('..', import.meta.url))

// Only root can make a container's files and run programs in it.
if (process.geteuid?.() === 0) await import('./support/lxc-as-root.ts')
else {
  test('containers, by sudo', { timeout: 180_000 }, async () => {
    const vitest = join(root, 'node_modules/vitest/vitest.mjs')
    const run = [process.execPath, vitest, 'run', 'tests/lxc.test.ts', '--no-cache']
    await promisify(execFile)('sudo', ['--non-interactive', ...run], { cwd: root })
  })
}
