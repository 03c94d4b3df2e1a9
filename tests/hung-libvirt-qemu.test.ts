import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPrivateLibvirtd } from '@see/libvirt/testing'
import { expect, onTestFinished, test } from 'vitest'
import { processOf } from './contract/unasked.ts'
import { processes } from './support/leftovers.ts'
import { startSee } from './support/see-command.ts'

/** A guest that has nothing to boot. */
const XML =
  '<domain type="qemu"><name>x</name><memory unit="MiB">32</memory><os><type arch="x86_64" machine="q35">hvm</type></os></domain>'
const PROTOCOL = `
export const wait = async (context, { progress }) => {
  await context.poweron()
  progress('it is on')
  await new Promise(() => undefined)
}
`

test('a run whose QEMU through libvirt is stopped ends at its deadline, with its report, and leaves nothing', {
  timeout: 120_000,
}, async () => {
  await using daemon = await startPrivateLibvirtd({ drivers: ['qemu'] })
  const folder = mkdtempSync(join(tmpdir(), 'see-hung-run-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const resources = {
    hypervisor: daemon.uriOf('qemu', '/session'),
    domain: { configuration: 'domain.xml' },
  }
  writeFileSync(join(folder, 'domain.xml'), XML)
  writeFileSync(join(folder, 'resources.json'), JSON.stringify(resources))
  writeFileSync(join(folder, 'protocol.mjs'), PROTOCOL)
  writeFileSync(join(folder, 'hooks.json'), JSON.stringify({ hooks: [{ name: '@see/hooks#TimelineHook' }] }))
  const argv = ['run', 'resources.json', '--hooks', 'hooks.json', '--protocol', './protocol.mjs#wait']
  const run = startSee(folder, [...argv, '--deadline', '12'])
  await run.said(/it is on/)
  const [identifier = ''] = readdirSync(join(folder, 'results'))
  const pid = processOf('qemu-system', identifier)
  onTestFinished(() => {
    try {
      process.kill(pid, 'SIGKILL')
    } catch {
      // It has ended.
    }
  })
  process.kill(pid, 'SIGSTOP')
  const { exitCode, error } = await run.ended
  expect(error).toContain('reached its deadline')
  expect(exitCode).toBe(4)
  const report = JSON.parse(readFileSync(join(folder, 'results', identifier, 'run.json'), 'utf8'))
  expect(report).toMatchObject({ exit_code: 4, error: { code: 'DEADLINE_REACHED' } })
  expect(processes(({ commandLine }) => commandLine.includes(identifier))).toEqual([])
})
