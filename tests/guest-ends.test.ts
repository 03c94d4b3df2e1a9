import { execFile } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { beforeAll, expect, test } from 'vitest'
import { processOf } from './contract/unasked.ts'
import { embeddedEnvironment, embeddedGuest } from './support/embedded-guest.ts'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))
const WAIT_MS = 30_000

let resources = ''
beforeAll(async () => void (resources = await sharedTemplate('embedded')), 150_000)

/** Runs a script in a clone by `see run` for some seconds; `meanwhile` gets the identifier of the run. */
async function seeRun(
  script: string,
  meanwhile: (identifier: string, timeline: () => string) => Promise<void> = async () => {},
) {
  const folder = temporaryFolder()
  const sample = join(folder, 'sample.sh')
  writeFileSync(sample, `#!/bin/sh\n${script}\n`, { mode: 0o755 })
  const results = join(folder, 'results')
  const argv = [see, 'run', resources, sample, '--runtime', '4', '--results', results]
  const ended = new Promise<{ exitCode: number | string | null | undefined; out: string }>((resolve) => {
    execFile(process.execPath, argv, (error, out) =>
      resolve({ exitCode: error === null ? 0 : error.code, out }),
    )
  })
  const identifierOf = () => {
    try {
      return readdirSync(results)[0] ?? ''
    } catch {
      return ''
    }
  }
  await expect.poll(identifierOf, { timeout: WAIT_MS }).not.toBe('')
  const identifier = identifierOf()
  const evidence = join(results, identifier)
  const path = join(evidence, `${identifier}_timeline.jsonl`)
  const readTimeline = () => (existsSync(path) ? readFileSync(path, 'utf8') : '')
  const [end] = await Promise.all([ended, meanwhile(identifier, readTimeline)])
  const timeline = readTimeline()
  const report: unknown = JSON.parse(readFileSync(join(evidence, 'run.json'), 'utf8'))
  return { ...end, report, timeline }
}

test('see run of a sample that powers the guest off is done, and says so', { timeout: 60_000 }, async () => {
  const { exitCode, out, report, timeline } = await seeRun('poweroff -f')
  expect(report).toMatchObject({
    ok: true,
    exit_code: 0,
    guest: { ended: [{ reason: 'powered_off', exit_code: 0, signal: null }], reboots: 0 },
    error: null,
  })
  expect(exitCode).toBe(0)
  expect(out).toContain('  powered off: the guest powered itself off\n')
  expect(timeline).toContain('"name":"domain_stopped"')
})

test('see run of a guest whose QEMU is killed fails with 2, and says so', { timeout: 60_000 }, async () => {
  const { exitCode, out, report, timeline } = await seeRun('sleep 60', async (identifier, written) => {
    await expect.poll(written, { timeout: WAIT_MS }).toContain('"post_poweron"')
    process.kill(processOf('qemu-system', identifier), 'SIGKILL')
  })
  expect(report).toMatchObject({
    ok: false,
    exit_code: 2,
    guest: { ended: [{ reason: 'killed', exit_code: null, signal: 'SIGKILL' }], reboots: 0 },
    error: { code: 'GUEST_STOPPED', message: expect.stringContaining('SIGKILL') },
  })
  expect(exitCode).toBe(2)
  expect(out).toContain('  killed: QEMU ended: SIGKILL')
  expect(timeline).toContain('"name":"domain_stopped"')
})

test.each([
  // A signal of a limit, of the system call filter, of a user; QEMU exits with 0 at the last.
  ['SIGXCPU', { reason: 'killed', signal: 'SIGXCPU', exitCode: null }],
  ['SIGSYS', { reason: 'killed', signal: 'SIGSYS', exitCode: null }],
  ['SIGTERM', { reason: 'killed', signal: 'SIGTERM', exitCode: 0 }],
  // A fault of QEMU's own.
  ['SIGABRT', { reason: 'failed', signal: 'SIGABRT', exitCode: null }],
] as const)('a QEMU that ends by %s', { timeout: 60_000 }, async (signal, end) => {
  const { context } = await embeddedEnvironment(embeddedGuest({ template: 'embedded' }))
  await context.poweron()
  process.kill(context.domain.qemu.pid, signal)
  await expect.poll(() => context.guestEnds, { timeout: WAIT_MS }).toMatchObject([end])
})

test('a shutdown that is overtaken by the end of QEMU fails immediately', { timeout: 60_000 }, async () => {
  const { context } = await embeddedEnvironment(embeddedGuest({ template: 'embedded' }))
  await context.poweron()
  const { pid } = context.domain.qemu
  context.subscribe('pre_shutdown', () => void process.kill(pid, 'SIGSTOP'))
  const down = context.shutdown({}, { timeoutMs: WAIT_MS })
  setTimeout(() => process.kill(pid, 'SIGKILL'), 300)
  await expect(down).rejects.toMatchObject({ code: expect.stringMatching(/GUEST_STOPPED|HYPERVISOR_FAILED/) })
  await expect.poll(() => context.guestEnds).toMatchObject([{ reason: 'killed' }])
})
