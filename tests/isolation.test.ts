import { execFile } from 'node:child_process'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type EmbeddedResources, Environment, embeddedFactory, type SeeContext } from '@see/core'
import { beforeAll, expect, onTestFinished, test } from 'vitest'
import { sharedTemplate } from './support/shared-template.ts'
import { temporaryFolder } from './support/temporary-folder.ts'

const GUEST_MS = 60_000
const see = fileURLToPath(new URL('../packages/cli/dist/see.js', import.meta.url))

let resources = ''
beforeAll(async () => void (resources = await sharedTemplate('embedded')), 150_000)

async function clone(network: object): Promise<SeeContext<EmbeddedResources>> {
  const file = JSON.parse(readFileSync(resources, 'utf8'))
  const environment = await Environment.allocate(embeddedFactory({ ...file, network }))
  onTestFinished(() => environment.deallocate(), GUEST_MS)
  const { context } = environment
  await context.poweron()
  await context.ready({ agent: true, timeoutMs: GUEST_MS })
  await context.waitForIp4Address({ timeoutMs: GUEST_MS })
  return context
}

test('see run verifies a guest on a restricted network, and its report and evidence say what it is isolated from', {
  timeout: GUEST_MS,
}, async () => {
  const folder = temporaryFolder()
  const file = join(folder, 'resources.json')
  const isolation = { verify: true }
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(resources, 'utf8')), isolation }))
  const results = join(folder, 'results')
  const argv = [see, 'run', file, '--command', 'true', '--runtime', '0', '--results', results]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  expect(stdout).toMatch(/^Isolated from: host\b.* \(verified in \d\.\d s/m)
  const [identifier = ''] = readdirSync(results)
  const read = (name: string) => JSON.parse(readFileSync(join(results, identifier, name), 'utf8'))
  const receipt = read(`${identifier}_isolation.json`)
  expect(receipt).toMatchObject({ mode: 'restricted', unprobed: null })
  const seen = (target: string) =>
    receipt.attempts
      .filter((each: { target: string }) => each.target === target)
      .map(({ seen: what, by, verdict }: Record<string, string>) => [what, by, verdict].join(' '))
  expect(new Set(seen('host'))).toEqual(new Set(['blocked host as_expected']))
  expect(
    new Set([...seen('internet'), ...seen('metadata'), ...seen('dns')].map((each) => each.split(' ')[0])),
  ).toEqual(new Set(['blocked']))
  const report = read('run.json')
  expect(report.isolation).toMatchObject({ from: expect.arrayContaining(['host']), reached: [] })
  expect(report.isolation.duration_ms).toBe(receipt.duration_ms)
})

test('a guest that reaches the host though it must not is found out, by the host', {
  timeout: GUEST_MS,
}, async () => {
  const context = await clone({ mode: 'user' })
  const allowed = await context.verifyIsolation()
  expect(allowed.lines.filter(({ target }) => target === 'host')).toContainEqual(
    expect.objectContaining({ seen: 'reached', by: 'host', verdict: 'as_expected' }),
  )
  const plan = await context.resources.isolationPlan()
  const events: string[] = []
  context.observe({ eventFired: ({ event }) => void events.push(event.name) })
  // As if the network let through what it should not.
  context.resources.isolationPlan = async () => ({
    ...plan,
    mode: 'restricted',
    expected: { ...plan.expected, host: 'forbidden' },
  })
  await expect(context.verifyIsolation()).rejects.toMatchObject({
    code: 'ISOLATION_BROKEN',
    message: expect.stringMatching(/network mode "restricted" forbids: this host \(\S+, seen by the host\)/),
  })
  expect(events).toEqual(['isolation_verified'])
  expect(context.isolation?.lines.some(({ verdict }) => verdict === 'mismatch')).toBe(true)
})
