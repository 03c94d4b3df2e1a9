import { chownSync, mkdirSync, mkdtempSync, readlinkSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test, vi } from 'vitest'
import { startQemu } from './start-qemu.ts'

const user = process.getuid?.() === 0 ? { uid: 1_900_000_002, gid: 1_900_000_000 } : undefined
const MIB = 1024 * 1024

/** A QEMU that has nothing but a monitor, and bubblewrap as given: a script, or none. */
async function start(bubblewrap: string | undefined) {
  const folder = mkdtempSync(join(tmpdir(), 'see-start-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const programs = join(folder, 'bin')
  mkdirSync(programs)
  for (const name of ['setpriv', 'sh', 'unshare']) symlinkSync(`/usr/bin/${name}`, join(programs, name))
  if (bubblewrap !== undefined) writeFileSync(join(programs, 'bwrap'), bubblewrap, { mode: 0o755 })
  if (user !== undefined) chownSync(folder, user.uid, user.gid)
  vi.stubEnv('PATH', programs)
  onTestFinished(() => void vi.unstubAllEnvs())
  const monitorPath = join(folder, 'monitor')
  const monitor = ['-display', 'none', '-qmp', `unix:${monitorPath},server=on,wait=off`]
  const options = {
    program: '/usr/bin/qemu-system-x86_64',
    argv: ['-nodefaults', '-no-user-config', '-S', '-machine', 'none', ...monitor],
    monitorPath,
    user,
    limits: { addressSpaceBytes: 2048 * MIB, cpuSeconds: 60, fileBytes: MIB },
  }
  const reasons: string[] = []
  const jail = { readable: [], writable: [folder], devices: [], hasHostNetwork: false }
  const qemu = await startQemu(options, jail, (why) => void reasons.push(why))
  onTestFinished(() => qemu.kill())
  const isJailed = readlinkSync(`/proc/${qemu.pid}/ns/mnt`) !== readlinkSync('/proc/self/ns/mnt')
  return { reasons, isJailed }
}

test('QEMU is jailed where the host lets it be', async () => {
  const installed = '#!/bin/sh\nexec /usr/bin/bwrap "$@"\n'
  expect(await start(installed)).toEqual({ reasons: [], isJailed: true })
})

test.each([
  ['bubblewrap is not installed', undefined, /install bubblewrap/],
  [
    'user namespaces are forbidden',
    `#!/bin/sh\nexec unshare --user --map-root-user sh -c 'echo 0 >/proc/sys/user/max_user_namespaces && exec /usr/bin/bwrap "$@"' sh "$@"\n`,
    /bwrap: .*namespace/,
  ],
])('where %s, it runs without a jail, and the reason is reported', async (_what, bubblewrap, reason) => {
  expect(await start(bubblewrap)).toEqual({ reasons: [expect.stringMatching(reason)], isJailed: false })
})
