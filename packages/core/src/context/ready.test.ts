import { createServer } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { createLogger } from '../common/logger.ts'
import { attributesOf } from '../events/event.ts'
import { NotReadyError } from '../readiness/not-ready-error.ts'
import type { ReadyOptions } from '../readiness/ready-options.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

type Simulation = NonNullable<Parameters<typeof simulatedFactory>[0]>

async function running(simulation: Simulation = {}) {
  const factory = simulatedFactory({ state: 'running', ...simulation })
  const environment = await Environment.allocate(factory, undefined, { logger: createLogger('silent') })
  onTestFinished(() => environment.deallocate())
  const { context } = environment
  const events: Record<string, unknown>[] = []
  context.observe({
    eventHandled: ({ event }) => void events.push({ name: event.name, ...attributesOf(event) }),
  })
  return { context, events, domain: context.domain, environment }
}

async function failureOf(wait: Promise<unknown>): Promise<NotReadyError> {
  const error = await wait.catch((thrown: unknown) => thrown)
  if (error instanceof NotReadyError) return error
  throw error
}

test('without a choice the agent is waited for; what came first is an event', async () => {
  const { context, events } = await running()
  const ready = await context.ready({ timeoutMs: 5000 })
  expect(ready).toEqual({ by: 'agent', afterMs: expect.any(Number), detail: null })
  expect(events).toEqual([{ name: 'ready', by: 'agent', after_ms: ready.afterMs, detail: null }])
})

test('the first of several sources counts', async () => {
  const { context } = await running({ faults: { silentAgent: true } })
  const ready = await context.ready({ agent: true, address: true, timeoutMs: 5000 })
  expect(ready).toMatchObject({ by: 'address', detail: '10.0.0.2' })
})

test('a text on the console counts, also one in two pieces, and one that was read before', async () => {
  const { context, domain } = await running()
  const waiting = context.ready({ serial: /login:/g, timeoutMs: 5000 })
  await expect.poll(() => domain.consoles.length).toBe(1)
  domain.consoles[0]?.write('debian lo')
  await sleep(10)
  domain.consoles[0]?.write('gin: ')
  expect(await waiting).toMatchObject({ by: 'serial', detail: '"login:"' })
  expect(await context.ready({ serial: /debian/, timeoutMs: 5000 })).toMatchObject({ detail: '"debian"' })
})

test('an open port counts', async () => {
  const server = createServer().listen(0, '127.0.0.2')
  onTestFinished(() => void server.close())
  await new Promise((resolve) => server.once('listening', resolve))
  const address = server.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const { context } = await running()
  context.waitForIp4Address = async () => '127.0.0.2'
  expect(await context.ready({ port, timeoutMs: 5000 })).toMatchObject({
    by: 'port',
    detail: `127.0.0.2:${port}`,
  })
  const closed = await failureOf(context.ready({ port: 1, timeoutMs: 50 }))
  expect(closed.message).toContain('port did not come')
})

test('a screen that stopped changing counts', async () => {
  const { context } = await running()
  const ready = await context.ready({ screen: { settledMs: 50, intervalMs: 10 }, timeoutMs: 5000 })
  expect(ready.by).toBe('screen')
  expect(ready.afterMs).toBeGreaterThanOrEqual(45)
})

test('a guest that is not ready in time fails with what was seen of it', async () => {
  const { context, events } = await running({
    faults: { silentAgent: true },
    guest: { console: 'Loading Linux' },
  })
  const error = await failureOf(context.ready({ timeoutMs: 60 }))
  expect(error).toMatchObject({ code: 'NOT_READY' })
  expect(error.message).toMatch(
    /^the guest is not ready after 0\.\d s \(agent\): the guest has an address but its agent/,
  )
  expect(error.diagnosis).toMatchObject({
    state: 'running',
    agentAnswers: false,
    console: 'Loading Linux',
    reboots: 0,
  })
  expect(error.diagnosis.screenshot?.toString('latin1')).toMatch(/^P6/)
  expect(context.diagnosis).toBe(error.diagnosis)
  expect(events.map(({ name }) => name)).toEqual(['not_ready'])
  expect(events[0]).toMatchObject({ cause: error.diagnosis.cause, waited_for: ['agent'] })
})

test('a guest that ends is not waited for any longer', async () => {
  const { context, domain } = await running({ faults: { silentAgent: true } })
  const waiting = failureOf(context.ready({ timeoutMs: 60_000 }))
  domain.state = 'shutoff'
  const { diagnosis } = await waiting
  expect(diagnosis.state).toBe('shutoff')
  expect(diagnosis.afterMs).toBeLessThan(5000)
})

const refused: readonly [what: string, simulation: Simulation, options: ReadyOptions][] = [
  ['a console that is not there', { faults: { without: ['console'] } }, { serial: /x/ }],
  ['a screen that the provider cannot capture', { lacking: ['screen'] }, { screen: true }],
  ['a port that is none', {}, { port: 70_000 }],
]
test.each(refused)('%s is refused at the beginning', async (_what, simulation, options) => {
  const { context, events } = await running(simulation)
  await expect(context.ready({ ...options, timeoutMs: 5000 })).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
  })
  expect(events).toEqual([])
})

test('a wait ends with its signal and with the environment, and fires nothing', async () => {
  const { context, events, environment } = await running({ faults: { silentAgent: true } })
  const abort = new AbortController()
  const aborted = expect(context.ready({ signal: abort.signal })).rejects.toThrow('enough')
  const closed = expect(context.ready()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
  abort.abort(new Error('enough'))
  await aborted
  await environment.deallocate()
  await closed
  expect(events).toEqual([])
})
