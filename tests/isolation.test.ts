import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
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

/** A server of this host that accepts connections and says nothing. */
async function listen(): Promise<{ server: Server; port: number; to: string }> {
  const server = createServer((socket) => socket.on('error', () => undefined))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const address = server.address()
  const port = address !== null && typeof address === 'object' ? address.port : 0
  return { server, port, to: `127.0.0.1:${port}` }
}

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

/** Runs a case of a clone, with these changes to its resources file. */
async function seeRun(changes: object, ...words: readonly string[]) {
  const folder = temporaryFolder()
  const file = join(folder, 'resources.json')
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(resources, 'utf8')), ...changes }))
  const results = join(folder, 'results')
  const argv = [see, 'run', file, '--command', 'true', '--runtime', '0', '--results', results, ...words]
  const { stdout } = await promisify(execFile)(process.execPath, argv)
  const [identifier = ''] = readdirSync(results)
  const text = (name: string) => readFileSync(join(results, identifier, name), 'utf8')
  const read = (name: string) => JSON.parse(text(name))
  return { stdout, identifier, text, read, files: readdirSync(join(results, identifier)) }
}

test('see run verifies a guest on a restricted network, and its report and evidence say what it is isolated from', {
  timeout: GUEST_MS,
}, async () => {
  const { to } = await listen()
  const { stdout, identifier, read } = await seeRun({ network: { allow: [{ port: 80, to }] } })
  expect(stdout).toMatch(/^Isolated from: host\b.* \(verified in \d+\.\d s/m)
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
  expect(seen('allowed')).toEqual(['reached guest as_expected'])
  // Nothing in the tiny guest sends raw frames.
  expect(seen('raw')).toEqual(['unknown host unproved'])
  expect(receipt.to - receipt.from).toBeGreaterThan(0)
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

test('a guest that does not reach what is allowed is found out', { timeout: GUEST_MS }, async () => {
  const { port, to } = await listen()
  const context = await clone({ allow: [{ port: 80, to }] })
  const plan = await context.resources.isolationPlan()
  const [place] = plan.allowed
  // As if the network did not let through what it should.
  const other = { address: place?.address ?? '', port: 81, to: { host: '127.0.0.1', port } }
  context.resources.isolationPlan = async () => ({ ...plan, allowed: [...plan.allowed, other] })
  await expect(context.verifyIsolation()).rejects.toMatchObject({
    code: 'ISOLATION_BROKEN',
    message: expect.stringMatching(/did not reach what its network allows: \d\S+:81;/),
  })
  const lines = context.isolation?.lines.filter(({ target }) => target === 'allowed')
  expect(lines?.map(({ verdict }) => verdict)).toEqual(['as_expected', 'mismatch'])
})

test('without a network interface there is nothing to try, and the receipt says so', {
  timeout: GUEST_MS,
}, async () => {
  const { stdout, identifier, read } = await seeRun({ network: { mode: 'none' }, template: undefined })
  expect(stdout).toMatch(/^Isolated from: host, raw, ipv6, internet, lan, metadata, dns \(/m)
  const receipt = read(`${identifier}_isolation.json`)
  expect(receipt).toMatchObject({ mode: 'none', unprobed: null, duration_ms: 0 })
})

test('"verify": false leaves it out', { timeout: GUEST_MS }, async () => {
  const { stdout, identifier, read, files } = await seeRun({ isolation: { verify: false } })
  expect(stdout).not.toContain('Isolated from')
  expect(files).not.toContain(`${identifier}_isolation.json`)
  expect(read('run.json').isolation).toBeNull()
})

test('the packets of the probe are in the trace, and not counted as those of the sample', {
  timeout: GUEST_MS,
  // On a busy host one of five runs counted one of them as the sample's; why is not known yet.
  retry: 2,
}, async () => {
  const hooks = join(temporaryFolder(), 'hooks.json')
  const named = ['NetworkTracerHook', 'NetworkAnalysisHook'].map((name) => ({ name: `@see/hooks#${name}` }))
  writeFileSync(hooks, JSON.stringify({ hooks: named }))
  const { identifier, read, text } = await seeRun({ network: { mode: 'sinkhole' } }, '--hooks', hooks)
  const summary = read(`${identifier}_network.json`)
  expect(summary.isolation_probe.packets).toBeGreaterThan(0)
  expect(summary.packets).toBeGreaterThan(summary.isolation_probe.packets)
  const { attempts } = read(`${identifier}_isolation.json`)
  const tried = new Set(attempts.map((each: { tried: string }) => each.tried))
  const ends = summary.conversations.map(
    ({ destination: { address, port } }: { destination: { address: string; port?: number } }) =>
      `${address}:${port}`,
  )
  expect(ends.filter((end: string) => tried.has(end))).toEqual([])
  expect(summary.dns).toEqual([])
  const requests = text(`${identifier}_sinkhole.jsonl`)
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
  const asked = requests.filter(({ kind }) => kind === 'tcp' || kind === 'dns')
  expect(asked.length).toBeGreaterThan(0)
  expect(asked.filter(({ isolation_probe: isProbe }) => isProbe !== true)).toEqual([])
})
