import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hypervisor } from '@see/libvirt'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { GuestWatch } from './guest-watch.ts'
import { qemuFactory } from '../qemu/qemu.ts'

/** A guest that has nothing to boot. */
const XML =
  '<domain type="qemu"><name>x</name><memory unit="MiB">32</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>'

test('a libvirtd that is killed ends its guest, with the warning that the end is not known', async () => {
  await using daemon = await startPrivateLibvirtd({ drivers: ['qemu'] })
  const folder = mkdtempSync(join(tmpdir(), 'see-watch-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const configuration = join(folder, 'domain.xml')
  writeFileSync(configuration, XML)
  const hypervisor = daemon.uriOf('qemu', '/session')
  const { context } = await Environment.allocate(qemuFactory({ hypervisor, domain: { configuration } }))
  await context.poweron()
  // Without its libvirtd it runs on.
  onTestFinished(() => killQemuOf(context.identifier))
  process.kill(daemon.pid, 'SIGKILL')
  await expect.poll(() => context.guestEnds, { timeout: 10_000 }).toMatchObject([{ reason: 'lost' }])
  await context.settled()
  const codes = context.warnings.map(({ code }) => code)
  expect(codes.toSorted()).toEqual(['GUEST_END_UNKNOWN', 'GUEST_UNWATCHED', 'QEMU_NOT_JAILED'])
}, 60_000)

test('where events cannot be received, a warning says so', async () => {
  const daemon = await startPrivateLibvirtd({ drivers: [] })
  const hypervisor = await Hypervisor.open(daemon.uri)
  await daemon[Symbol.asyncDispose]()
  const watch = new GuestWatch(hypervisor, '6695eb01-f6a4-8304-79aa-97f2502e193f')
  const warnings: unknown[] = []
  const warned = (warning: unknown) => void warnings.push(warning)
  watch.ends.listener = { ended: warned, rebooted: warned, limitReached: warned, warned }
  await watch.join()
  expect(warnings).toMatchObject([{ code: 'GUEST_UNWATCHED' }])
  await watch.leave()
  await hypervisor.close()
})

function killQemuOf(identifier: string): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
    let words = ''
    try {
      words = readFileSync(`/proc/${pid}/cmdline`, 'utf8')
    } catch {
      // It is gone.
    }
    if (words.startsWith('/usr/bin/qemu-system') && words.includes(identifier))
      process.kill(Number(pid), 'SIGKILL')
  }
}
