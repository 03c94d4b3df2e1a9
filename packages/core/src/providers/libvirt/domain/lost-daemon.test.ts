import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { findProcesses } from '../../../host/process-table.ts'
import { ledgerFolder } from '../../../ledger/ledger-folder.ts'
import { readLedger } from '../../../ledger/read-ledger.ts'
import { qemuFactory } from '../qemu/qemu.ts'
import { qemuProvider } from '../qemu/provider.ts'

/** A guest that has nothing to boot. */
const XML =
  '<domain type="qemu"><name>x</name><memory unit="MiB">32</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>'

function qemusOf(identifier: string) {
  return findProcesses((argv) => argv.some((each) => each.startsWith(`guest=${identifier}`)))
}

test('a guest ends with its environment though its libvirtd was killed, and what only libvirtd can undo stays on record', {
  timeout: 60_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-lost-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const configuration = join(folder, 'domain.xml')
  writeFileSync(configuration, XML)
  await using daemon = await startPrivateLibvirtd({ drivers: ['qemu'] })
  const hypervisor = daemon.uriOf('qemu', '/session')
  const environment = await Environment.allocate(qemuFactory({ hypervisor, domain: { configuration } }))
  const { identifier } = environment
  await environment.context.poweron()
  expect(await qemusOf(identifier)).toHaveLength(1)
  expect(await environment.context.domain.getXMLDesc()).toContain(`identifier="${identifier}"`)
  process.kill(daemon.pid, 'SIGKILL')
  await environment.deallocate()
  expect(await qemusOf(identifier)).toEqual([])
  expect(await readLedger(ledgerFolder(), identifier)).toBeUndefined()

  // No daemon answers at its socket: what needs one is kept, and the folder of a pool goes all the same.
  await using undoer = await qemuProvider.leftovers?.undoer()
  const pool = join(folder, identifier)
  mkdirSync(pool)
  const { signal } = new AbortController()
  for (const [kind, payload] of [
    ['libvirt-definition', { uri: hypervisor }],
    ['libvirt-pool', { uri: hypervisor, folder: pool }],
  ] as const) {
    await expect(undoer?.undo(identifier, { kind, what: kind, payload }, { signal })).rejects.toMatchObject({
      code: 'HYPERVISOR_UNREACHABLE',
    })
  }
  expect(existsSync(pool)).toBe(false)
})
