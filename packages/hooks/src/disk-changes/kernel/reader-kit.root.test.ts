import { execFileSync } from 'node:child_process'
import { expect, test } from 'vitest'

const built = new URL('../../../dist/disk-changes/kernel/reader-kit.js', import.meta.url).href
const ask = `import { readerKit } from ${JSON.stringify(built)}; console.log(JSON.stringify(await readerKit('auto')))`
// In a mount namespace of its own, where guest/build.sh has never run.
const hidden = 'mount -t tmpfs none /var/cache && mount -t tmpfs none /var/tmp && exec "$@"'

test('where nothing was built, the reason is what to run', () => {
  const argv = [
    '--mount',
    '--propagation',
    'private',
    'sh',
    '-c',
    hidden,
    'sh',
    process.execPath,
    '--input-type=module',
    '-e',
    ask,
  ]
  const env = { ...process.env, SEE_GUEST_CACHE: '' }
  const kit: unknown = JSON.parse(execFileSync('unshare', argv, { encoding: 'utf8', env }))
  expect(kit).toEqual({
    missing:
      'there is no reader.initrd for a kernel that could: run guest/build.sh of the SEE repository, or name the folder that it printed as "reader"',
  })
})
