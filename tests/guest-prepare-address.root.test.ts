import { statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseSshAddress, prepareAddress } from '@see/core'
import { expect, test } from 'vitest'
import { debianGuest } from './support/debian-guest.ts'
import { DebianTree } from './support/debian-tree.ts'
import { processes } from './support/leftovers.ts'
import { seeHere } from './support/see-command.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

/** For the guest to be made from packages, where it is not there yet. */
const SETUP_MS = 1_200_000

/** Modes and links of what is installed: none is from before its rename. */
const INSTALLED = [
  ['usr/lib/see/see-identity', 0o755],
  ['usr/lib/see/afterwards', 0o755],
  ['etc/systemd/system/see-identity.service', 0o644],
  ['etc/systemd/system/multi-user.target.wants/see-identity.service', 0o644],
  ['etc/systemd/network/10-see.link', 0o644],
] as const

async function expectRefusal(address: string, why: RegExp, timeoutMs = 60_000): Promise<void> {
  const { signal } = new AbortController()
  const options = { archive: join(tinyGuest(), 'prepare.tar'), timeoutMs, signal }
  await expect(prepareAddress(parseSshAddress(address), options)).rejects.toMatchObject({
    code: 'GUEST_UNPREPARED',
    message: expect.stringMatching(why),
  })
}

test('what SEE needs is installed by a real sshd, and what it could not do is said', {
  timeout: SETUP_MS,
}, async () => {
  const folder = temporaryFolder()
  const tree = new DebianTree(folder, await debianGuest())
  await expectRefusal('root@debian', /Permission denied[^]*ssh-copy-id/)
  tree.letIn('root')
  const [key, other] = ['ed25519', 'rsa'].map((type) => tree.file(`etc/ssh/ssh_host_${type}_key.pub`))
  tree.trust(`${key?.slice(0, 40)}${'A'.repeat(28)}\n`)
  await expectRefusal('root@debian', /Host key verification failed[^]*connect once with ssh/)
  tree.trust(`${key}debian ${other}`)

  // Without a network, apt finds nothing.
  const first = await seeHere(folder, ['guest', 'prepare', 'root@debian'])
  expect(first).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(
      /^Debian GNU\/Linux 12 \(bookworm\) at root@debian\n[^]*a guest agent of ours: apt-get could not install the guest's: E: [^]*called enp1s0[^]*still needs: a boot: systemd does not run/,
    ),
  })
  for (const [path, mode] of INSTALLED) {
    const { mode: found, uid } = statSync(join(tree.root, path))
    expect([path, found & 0o777, uid]).toEqual([path, mode, 0])
  }
  expect(statSync(join(tree.root, 'usr/lib/see/agent/qemu-ga')).mode & 0o777).toBe(0o755)
  expect(processes(({ commandLine }) => commandLine.includes(tree.root))).toEqual([])

  // Users without root's rights, and those whose machine answers what it likes.
  tree.letIn('jo')
  await expectRefusal('ssh://jo@debian', /what is missing: \\?"root, or sudo without a password, for jo/)
  writeFileSync(join(tree.root, 'flood'), 'done: \u001b[2J\n'.repeat(100_000), { mode: 0o644 })
  tree.letIn('liar', 'cat /flood')
  await expectRefusal('liar@debian', /printed more than 65536 bytes/)
  tree.letIn('joker', String.raw`printf 'missing: \033[2J'; exit 3`)
  await expectRefusal('joker@debian', /what is missing: "\\u001b\[2J"/)
  tree.letIn('sleeper', 'sleep 1000')
  await expectRefusal('sleeper@debian', /took longer than 3000 ms/, 3000)
})

test('a guest agent of the distribution is installed where apt has it', { timeout: SETUP_MS }, async () => {
  const folder = temporaryFolder()
  const tree = new DebianTree(folder, await debianGuest())
  tree.letIn('root')
  tree.offerPackages()
  const made = await seeHere(folder, ['guest', 'prepare', 'root@debian', '--json'])
  expect({ ...made, out: JSON.parse(made.out) }).toMatchObject({
    exitCode: 0,
    out: {
      ok: true,
      address: 'root@debian',
      done: expect.arrayContaining(["the guest agent is the guest's own, /usr/sbin/qemu-ga"]),
    },
  })
  expect(tree.file('var/lib/dpkg/status')).toMatch(/Package: qemu-guest-agent\nStatus: install ok installed/)
})

test('an address is refused before anything is built: one that ssh would take for an option, or with an --output', async () => {
  const folder = temporaryFolder()
  const prepare = async (...words: string[]) => await seeHere(folder, ['guest', 'prepare', ...words])
  const option = await prepare('root@-oProxyCommand=touch made')
  expect(option).toMatchObject({ exitCode: 1, error: expect.stringContaining('is not USER@HOST[:PORT]') })
  expect(await prepare('root@debian', '--output', 'x')).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('--output is for an image'),
  })
  expect(await prepare('debian')).toMatchObject({
    exitCode: 1,
    error: expect.stringContaining('no file debian; an address is written USER@HOST or ssh://HOST'),
  })
  writeFileSync(join(folder, 'root@debian'), 'no image')
  expect(await prepare('root@debian')).toMatchObject({
    error: expect.stringMatching(/root@debian.*(image|could not)/),
  })
})
