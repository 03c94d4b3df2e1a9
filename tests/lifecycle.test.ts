import { execFile } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type EventLine, parseTimeline } from '@see/evidence'
import { Hypervisor } from '@see/libvirt'
import { PNG } from 'pngjs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
const see = join(root, 'packages/cli/dist/see.js')
const example = join(root, 'examples/lifecycle')
const results = mkdtempSync(join(tmpdir(), 'see-lifecycle-'))
afterAll(() => rmSync(results, { recursive: true }))

/** Runs the example's sample in the tiny guest and returns its evidence. */
async function run(resources: string, ...options: string[]) {
  const sample = join(example, 'hello.sh')
  const argv = [see, 'run', resources, sample, '--results', results, '--json', ...options]
  const { stdout } = await promisify(execFile)('node', argv)
  const report = JSON.parse(stdout)
  const folder = join(results, report.identifier)
  const read = (name: string) => readFileSync(join(folder, `${report.identifier}_${name}`))
  const { lines } = parseTimeline(read('timeline.jsonl'))
  const events = lines.filter((line) => line.type === 'event')
  return { report, folder, read, lines, events }
}

/** How many pixels of a screenshot are lit. */
function litPixels(png: Buffer): number {
  const { data } = PNG.sync.read(png)
  return data.filter((value, index) => index % 4 === 0 && value > 100).length
}

async function expectNothingLeft(identifier: string): Promise<void> {
  await using hypervisor = await Hypervisor.open('qemu:///system')
  const all = [
    ...(await hypervisor.listAllDomains()),
    ...(await hypervisor.listAllNetworks()),
    ...(await hypervisor.listAllStoragePools()),
  ]
  expect(all.map(({ name }) => name)).not.toContain(identifier)
  const { disk } = JSON.parse(readFileSync(join(tinyGuest(), 'resources.json'), 'utf8'))
  expect(existsSync(join(disk.clone.storage_pool_path, identifier))).toBe(false)
}

const transitionsOf = (events: readonly EventLine[]) =>
  events.map(({ name }) => name).filter((name) => /^(pre|post)_/.test(name))

describe("the manual's lifecycle on a real guest", { timeout: 180_000 }, () => {
  let ran: Awaited<ReturnType<typeof run>>
  beforeAll(async () => {
    ran = await run(join(tinyGuest(), 'resources.json'), '--runtime', '2')
  }, 180_000)

  test('fires every event in order', () => {
    expect(transitionsOf(ran.events)).toEqual([
      'pre_poweron',
      'post_poweron',
      'pre_pause',
      'post_pause',
      'pre_resume',
      'post_resume',
      'pre_shutdown',
      'post_shutdown',
    ])
    const others = [
      'ready',
      'ip_address',
      // The agent is waited for before the isolation is verified.
      'ready',
      'isolation_verified',
      'run_sample',
      'command_finished',
      'snapshots_capture',
      'start_analysis',
      'wait_analysis',
    ]
    const fired = ran.events.map(({ name }) => name).filter((name) => !/^(pre|post)_/.test(name))
    expect(fired.filter((name) => name !== 'evidence_written')).toEqual(others)
    // The output of the sample and its record, the screen, and the console's log.
    expect(fired.filter((name) => name === 'evidence_written').length).toBeGreaterThanOrEqual(4)
    expect(ran.events.map(({ sequence }) => sequence)).toEqual(ran.events.map((_, index) => index + 1))
    const times = ran.events.map(({ timestamp }) => timestamp)
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    const runs = ran.lines.filter((line) => line.type === 'handler_end')
    expect(runs.length).toBeGreaterThan(2)
    expect(runs.filter(({ error }) => error !== undefined)).toEqual([])
  })

  test("keeps the sample's exit code and output", () => {
    expect(ran.read('command_1.stdout').toString()).toBe('hello from see-guest, run as root\n')
    expect(ran.read('command_1.stderr').toString()).toBe('this goes to standard error\n')
    expect(JSON.parse(ran.read('command_1.json').toString())).toMatchObject({ exit_code: 7 })
    expect(ran.report).toMatchObject({ ok: true, exit_code: 0, commands: [{ exit_code: 7 }] })
  })

  test('has a picture of the guest', () => {
    expect(litPixels(ran.read('snapshots_capture.png'))).toBeGreaterThan(1000)
  })

  test('leaves nothing but the evidence', async () => {
    expect(readdirSync(results)).toEqual([ran.report.identifier])
    await expectNothingLeft(ran.report.identifier)
  })
})

test('hooks and a protocol of the user drive it', { timeout: 180_000 }, async () => {
  const hooks = ['--hooks', join(example, 'hooks.json'), '--protocol', `${example}/protocol.ts#run`]
  const resources = await sharedTemplate('libvirt')
  const { report, events, read } = await run(resources, ...hooks, '--runtime', '8')
  expect(report).toMatchObject({ ok: true, failures: [] })
  const others = events.filter(({ name }) => name !== 'evidence_written')
  const custom = others.findIndex(({ name }) => name === 'custom_event')
  expect(others[custom]).toMatchObject({ origin: './example-hook.ts#ExampleHook' })
  // The pause is fired from inside the handler of custom_event.
  const parent = others[custom]?.sequence
  expect(others.slice(custom + 1, custom + 3)).toMatchObject([
    { name: 'pre_pause', parent },
    { name: 'post_pause', parent },
  ])
  for (const shot of ['ip_address', 'halfway', 'custom_event', 'snapshots_capture']) {
    expect(litPixels(read(`${shot}.png`))).toBeGreaterThan(100)
  }
  await expectNothingLeft(report.identifier)
})
