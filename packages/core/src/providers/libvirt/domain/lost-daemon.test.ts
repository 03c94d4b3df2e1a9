import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { expect, onTestFinished, test } from 'vitest'
import { Environment } from '../../../environment/environment.ts'
import { findProcesses } from '../../../host/process-table.ts'
import { LeftLedger } from '../../../ledger/left-ledger.ts'
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
  await expect(environment.deallocate()).rejects.toThrow('Cannot reach libvirt')
  expect(await qemusOf(identifier)).toEqual([])
  const reading = await readLedger(ledgerFolder(), identifier)
  if (reading?.state !== 'read') throw new Error('there is no ledger')
  const { content } = reading
  expect(content).toMatchObject({ isEnded: true, entries: [{ kind: 'libvirt-domain', provider: 'qemu' }] })

  // No daemon answers at its socket: the entry is kept.
  await using undoer = await qemuProvider.leftovers?.undoer()
  const [entry] = content.entries
  if (undoer === undefined || entry === undefined) throw new Error('there is nothing to undo')
  const { signal } = new AbortController()
  await expect(undoer.undo(identifier, entry, { signal })).rejects.toMatchObject({
    code: 'HYPERVISOR_UNREACHABLE',
  })
  await using left = await LeftLedger.open(content)
  for (const each of content.entries) await left.undone(each.entry)
})
