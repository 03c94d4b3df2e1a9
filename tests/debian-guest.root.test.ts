import { execFileSync } from 'node:child_process'
import { statSync } from 'node:fs'
import { join } from 'node:path'
import { type SeeContext, TemplateStore } from '@see/core'
import { beforeAll, expect, test } from 'vitest'
import { type DebianGuest, debianGuest } from './support/debian-guest.ts'
import { expectEvidence, machines, prepared, writeResources } from './support/debian-machine.ts'
import { expectMachines } from './support/debian-marks.ts'
import { prepareOverSsh } from './support/prepare-over-ssh.ts'
import { seeHere } from './support/see-command.ts'
import { TemplateFolder } from './support/template-guest.ts'

/**
 * Number of clones of each template. `npm run proof:guests` takes ten, and boots guests through libvirt as well,
 * which takes minutes.
 */
const CLONES = Number(process.env['SEE_GUEST_CLONES'] ?? 2)
const isProof = CLONES > 2
const { embedded, libvirt, uefi } = machines

/** For the guest to be made from packages, or to boot, on a host with other work. */
const SETUP_MS = 1_200_000
const CLONES_MS = 300_000 * CLONES
const AGENT_MS = 120_000

let folder: TemplateFolder
let installed: DebianGuest
/** The images that are prepared already, by those they were made from. */
const copies = new Map<string, Promise<string>>()
beforeAll(async () => {
  installed = await debianGuest()
  folder = new TemplateFolder()
  return () => folder[Symbol.dispose]()
}, SETUP_MS)

function copyOf(image: 'bios' | 'uefi'): Promise<string> {
  const copy = copies.get(image) ?? prepared(folder.path, installed[image], `${image}-see.qcow2`)
  copies.set(image, copy)
  return copy
}

test('a guest with UEFI, a GPT and XFS gets the same files, and its own image stays', {
  timeout: SETUP_MS,
}, async () => {
  const { mtimeMs, size } = statSync(installed.uefi)
  const [raw, place] = [join(folder.path, 'uefi.raw'), join(folder.path, 'root')]
  execFileSync('qemu-img', ['convert', '-O', 'raw', await copyOf('uefi'), raw])
  expect(statSync(installed.uefi)).toMatchObject({ mtimeMs, size })
  const look = `mkdir "$2" && mount -o loop,ro,offset=68157440 "$1" "$2" && cd "$2" && stat -f -c %T . && cat etc/systemd/network/10-see.link &&
    find usr/lib/see etc/systemd/system -newer etc/os-release -name 'see*' | sort`
  const seen = execFileSync('unshare', ['--mount', 'sh', '-c', look, 'sh', raw, place], { encoding: 'utf8' })
  expect(seen).toMatch(
    /^xfs\n[^]*Name=enp1s0\n[^]*multi-user.target.wants\/see-agent.service\n[^]*usr\/lib\/see\/see-identity\n/,
  )
})

test.each(isProof ? [embedded, libvirt, uefi] : [embedded])(
  `an installed Debian is prepared, frozen and cloned ${CLONES} times, and its evidence is right: $name`,
  { timeout: SETUP_MS + CLONES_MS },
  async (machine) => {
    const { provider, image } = machine
    const name = `debian-${provider}-${image}`
    const { clones, factory } = writeResources(folder.path, machine, await copyOf(image), name)
    const built = await seeHere(folder.path, ['template', 'build', `${name}.json`, name, '--timeout', '900'])
    expect(built).toMatchObject({ exitCode: 0, out: expect.stringContaining(`Template ${name}`) })
    const { manifest } = await new TemplateStore().open(name)
    expect(manifest).toMatchObject({ identity: 'port', at_rest: true })
    await expectMachines(factory, CLONES, machine === libvirt ? preparedAgain : undefined)
    await expectEvidence(folder.path, clones)
  },
)

/** What `see guest prepare` does in a guest that runs: what was taken away is there again, and started. */
async function preparedAgain(guest: SeeContext): Promise<void> {
  const run = async (command: string) =>
    (await guest.agent.exec(['sh', '-c', command], { timeoutMs: AGENT_MS })).stdout.toString().trim()
  // The journal has files of the clone's own.
  const journal = async () => await run('ls /var/log/journal/$(cat /etc/machine-id)/')
  await expect.poll(journal, { timeout: AGENT_MS, interval: 1000 }).toContain('system.journal')
  const link = '/etc/systemd/system/multi-user.target.wants/see-identity.service'
  // Until then sshd reads new host keys, and may be away for a moment.
  await expect.poll(() => run('pgrep ssh-keygen'), { timeout: AGENT_MS, interval: 1000 }).toBe('')
  await run(`rm -r /usr/lib/see/see-identity /usr/lib/see/afterwards ${link}`)
  const before = await run('systemctl show --property MainPID see-agent.service')
  const made = await prepareOverSsh(folder.path, guest)
  expect(made, made.error).toMatchObject({
    exitCode: 0,
    out: expect.stringMatching(
      /^Debian GNU\/Linux [^]*started the identity program[^]*started the guest agent/,
    ),
  })
  expect(made.out).not.toContain('still needs')
  await guest.agent.waitUntilReady({ timeoutMs: AGENT_MS })
  const [agent, ...states] = (
    await run(
      'systemctl show --property MainPID see-agent.service; systemctl is-active see-agent see-identity; systemctl is-enabled see-identity',
    )
  ).split('\n')
  expect(states).toEqual(['active', 'active', 'enabled'])
  expect(agent).toMatch(/^MainPID=[1-9]/)
  expect(agent).not.toBe(before)
}
