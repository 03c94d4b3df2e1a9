import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { embeddedGuest } from './support/embedded-guest.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { writeTinyGuestResources } from './support/tiny-guest.ts'

const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

interface Run {
  readonly exitCode: number | string | null | undefined
  readonly out: string
  readonly report: { readonly [key: string]: unknown; readonly identifier: string }
  readonly files: readonly string[]
  /** Reads a file of the evidence whose name ends so. */
  readonly read: (end: string) => Buffer
}

/** What `see run` makes of a script that prints "done". */
async function seeRun(folder: string, resources: string, ...options: string[]): Promise<Run> {
  const sample = join(folder, 'sample.sh')
  writeFileSync(sample, '#!/bin/sh\necho done\n', { mode: 0o755 })
  const results = join(folder, 'results')
  const argv = [see, 'run', resources, sample, '--results', results, ...options]
  const { exitCode, out } = await new Promise<Pick<Run, 'exitCode' | 'out'>>((resolve) => {
    execFile(process.execPath, argv, (error, stdout) => {
      resolve({ exitCode: error === null ? 0 : error.code, out: stdout })
    })
  })
  const [identifier = ''] = readdirSync(results)
  const evidence = join(results, identifier)
  const files = readdirSync(evidence)
  const read = (end: string) => readFileSync(join(evidence, files.find((name) => name.endsWith(end)) ?? end))
  return { exitCode, out, report: JSON.parse(read('run.json').toString()), files, read }
}

const withoutScreen = (xml: string) => xml.replace(/<graphics[^>]*>/, '').replace(/<video>[^]*<\/video>/, '')

test('a guest that gets no address leaves a screenshot, its console and its state', {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder()
  const resources = join(folder, 'resources.json')
  // Everything the kernel says goes to the serial port.
  const guest = embeddedGuest({}, 'see.nodhcp', 'console=ttyS0')
  writeFileSync(resources, JSON.stringify({ hypervisor: 'embedded:///', ...guest }))
  const { exitCode, report, files, read } = await seeRun(folder, resources, '--timeout', '12')
  expect(exitCode).toBe(2)
  expect(report).toMatchObject({
    error: { code: 'NOT_READY', message: expect.stringContaining('the guest has no address: does it ask') },
    commands: [],
  })
  expect(files).toContain(`${report.identifier}_snapshots_capture.png`)
  expect(read('_console.log').length).toBeGreaterThan(0)
  const timeline = read('_timeline.jsonl').toString()
  for (const event of ['snapshots_capture', 'post_poweroff', 'wait_analysis'])
    expect(timeline).toContain(event)
})

test('a domain without a screen is run, and that there are no screenshots is said', {
  timeout: 120_000,
}, async () => {
  const folder = temporaryFolder()
  const resources = writeTinyGuestResources(folder, withoutScreen)
  const { exitCode, out, report, files } = await seeRun(folder, resources, '--runtime', '1')
  expect(report).toMatchObject({
    error: null,
    failures: [],
    warnings: [{ code: 'SCREEN_MISSING' }],
    commands: [{ exit_code: 0, stdout: 'done\n' }],
  })
  expect(exitCode).toBe(0)
  expect(out).toContain('the domain has no screen')
  expect(
    files.filter((name) => statSync(join(folder, 'results', report.identifier, name)).isFile()),
  ).not.toContain(`${report.identifier}_snapshots_capture.png`)
})
