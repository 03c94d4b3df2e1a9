import { execFileSync } from 'node:child_process'
import { chmodSync, copyFileSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { seeHere } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const PREPARE_MS = 180_000

/** The image of a file system with these files, a link where the content begins with an arrow. */
function imageOf(folder: string, files: Readonly<Record<string, string>>): string {
  // The guest that installs runs as a user of its own.
  chmodSync(folder, 0o755)
  const root = join(folder, 'root')
  for (const [path, content] of Object.entries(files)) {
    const file = join(root, path)
    mkdirSync(dirname(file), { recursive: true })
    if (content.startsWith('->')) symlinkSync(content.slice(2), file)
    else writeFileSync(file, content, { mode: 0o755 })
  }
  const [raw, image] = [join(folder, 'disk.raw'), join(folder, 'disk.qcow2')]
  // Any program for this processor will do.
  mkdirSync(join(root, 'usr/lib/systemd/system'), { recursive: true })
  copyFileSync('/bin/true', join(root, 'usr/lib/systemd/systemd'))
  execFileSync('mke2fs', ['-q', '-t', 'ext4', '-d', root, raw, '64M'])
  execFileSync('qemu-img', ['convert', '-q', '-O', 'qcow2', raw, image])
  return image
}

/** What is in a file of an ext4 image. */
function contentIn(image: string, path: string): string {
  const raw = `${image}.raw`
  if (!existsSync(raw)) execFileSync('qemu-img', ['convert', '-q', '-O', 'raw', image, raw])
  return execFileSync('debugfs', ['-R', `cat ${path}`, raw], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
}

test('a guest like Fedora keeps agent and NetworkManager, and lets the agent do its work', {
  timeout: PREPARE_MS,
}, async () => {
  const folder = temporaryFolder()
  const wants = 'etc/systemd/system/multi-user.target.wants'
  const image = imageOf(folder, {
    'usr/lib/os-release': 'PRETTY_NAME="Fedora Linux 40"\n',
    'etc/os-release': '->../usr/lib/os-release',
    'usr/bin/qemu-ga': 'x',
    'etc/sysconfig/qemu-ga': 'TRANSPORT=virtio\nBLACKLIST_RPC=guest-exec,guest-file-open\n',
    'etc/selinux/config': 'SELINUX=enforcing\n',
    'etc/cloud/cloud.cfg': '\n',
    [`${wants}/NetworkManager.service`]: '->/usr/lib/systemd/system/NetworkManager.service',
    'usr/lib/systemd/system/serial-getty@.service': '[Service]\n',
  })
  const made = await seeHere(folder, ['guest', 'prepare', image, '--json'])
  const prepared = join(folder, 'disk-see.qcow2')
  expect({ ...made, out: JSON.parse(made.out) }).toMatchObject({
    exitCode: 0,
    out: { ok: true, output: prepared, guest: 'Fedora Linux 40', missing: [] },
  })
  expect(made.out).toMatch(/own, \/usr\/bin\/qemu-ga[^]*left to NetworkManager[^]*cloud-init[^]*SELinux/)
  expect(contentIn(prepared, '/etc/sysconfig/qemu-ga')).toBe(
    'TRANSPORT=virtio\n#BLACKLIST_RPC=guest-exec,guest-file-open\n',
  )
  expect(contentIn(prepared, '/usr/lib/see/see-identity').slice(1, 4)).toBe('ELF')
  expect(contentIn(image, '/usr/lib/see/see-identity')).toBe('')
})

test('for a guest without systemd it says what is missing, and nothing is written', {
  timeout: PREPARE_MS,
}, async () => {
  const folder = temporaryFolder()
  const output = join(folder, 'prepared.qcow2')
  const words = ['guest', 'prepare', join(tinyGuest(), 'disk.qcow2'), '--output', output]
  expect(await seeHere(folder, words)).toMatchObject({
    exitCode: 2,
    error: expect.stringMatching(/could not be prepared: what is missing: "?systemd/),
  })
  expect(existsSync(output)).toBe(false)
  writeFileSync(output, 'mine')
  expect(await seeHere(folder, words)).toMatchObject({
    exitCode: 2,
    error: expect.stringContaining('is there already'),
  })
})
