import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import type { ContextFactory } from '../context/context-factory.ts'
import type { SeeContext } from '../context/see-context.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import type { Faults } from '../testing/faults.ts'
import { type SimulatedResources, simulatedFactory } from '../testing/simulated-resources.ts'
import { WarmPool } from './warm-pool.ts'
import type { WarmPoolOptions } from './warm-pool-options.ts'

type Context = SeeContext<SimulatedResources>

/** A factory that remembers what it made; `faults` are those of the n-th sandbox. */
function remembering(faults: (index: number) => Faults = () => ({})) {
  const made: Context[] = []
  let asked = 0
  const factory: ContextFactory<Context> = async (...parameters) => {
    const context = await simulatedFactory({ faults: faults(asked++) })(...parameters)
    made.push(context)
    return context
  }
  const allocated = () => made.filter(({ resources }) => resources.allocated).length
  return { factory, made, allocated, asked: () => asked }
}

const endless = () => new Promise(() => undefined)
const ready = { prepare: async () => undefined, retryMs: 5 }

async function pooled(
  factory: ContextFactory<Context>,
  options: Partial<WarmPoolOptions<SimulatedResources>> = {},
): Promise<WarmPool<SimulatedResources>> {
  const pool = await WarmPool.create(factory, { size: 2, ...ready, ...options })
  onTestFinished(() => pool.close().catch(() => undefined))
  return pool
}

test('a waiting sandbox is prepared and paused, and is off to its user, until poweron', async () => {
  const { factory, made } = remembering()
  const prepared: string[] = []
  const prepare = async (context: SeeContext) => {
    prepared.push(await context.state())
  }
  const pool = await pooled(factory, { prepare })
  expect([pool.waiting, prepared]).toEqual([2, ['running', 'running']])
  expect(made.map(({ domain }) => domain.state)).toEqual(['paused', 'paused'])
  await using environment = await pool.allocate()
  const { context, identifier } = environment
  expect(made.map((each) => each.identifier)).toContain(identifier)
  const seen: string[] = []
  context.observe({
    eventHandled: ({ event }) => void seen.push(`${event} ${String(Reflect.get(event, 'why'))}`),
  })
  expect(await context.state()).toBe('shutoff')
  expect(await context.ip4Address()).toBeUndefined()
  await expect(context.waitForIp4Address()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  for (const each of ['pause', 'resume', 'restart', 'poweroff'] as const) {
    await expect(context[each]()).rejects.toMatchObject({ code: 'TRANSITION_FORBIDDEN' })
  }
  context.domain.create = () => Promise.reject(new Error('it must not be started again'))
  await context.poweron({ why: 'a test' })
  expect([await context.state(), await context.ip4Address()]).toEqual(['running', '10.0.0.2'])
  expect(seen).toEqual(['pre_poweron a test', 'post_poweron a test'])
})

test('after its first life it is powered on like any other', async () => {
  const pool = await pooled(remembering().factory)
  await using environment = await pool.allocate()
  const { context } = environment
  await context.poweron()
  await context.poweroff()
  context.domain.resume = () => Promise.reject(new Error('it is not paused'))
  await context.poweron()
  expect(await context.state()).toBe('running')
})

test('what was taken is replaced; what was not used waits again', async () => {
  const { factory, made } = remembering()
  const pool = await pooled(factory)
  const missing = pool.allocate('/nowhere/hooks.json')
  await expect(missing).rejects.toMatchObject({ code: 'FILE_UNREADABLE' })
  expect([pool.waiting, made.length]).toEqual([2, 2])
  const environments = await Promise.all([1, 2, 3].map(() => pool.allocate()))
  expect(new Set(environments.map(({ identifier }) => identifier)).size).toBe(3)
  await expect.poll(() => pool.waiting).toBe(2)
  for (const environment of environments) await environment.deallocate()
})

test("its hooks, logger and attributes are the environment's own", async () => {
  const pool = await pooled(remembering().factory)
  const { logger, lines } = recordingLogger()
  const hooks = { hooks: [{ name: './no-such.ts#Hook', optional: true }] }
  await using environment = await pool.allocate(hooks, { logger })
  environment.context.logger.info('mine')
  expect(lines.at(-1)).toMatchObject({ msg: 'mine', identifier: environment.identifier })
})

test('one that died while it waited is never handed out, and is released', async () => {
  const { factory, made, allocated } = remembering()
  const pool = await pooled(factory)
  const [dead, mute] = made
  if (dead === undefined || mute === undefined) expect.fail()
  dead.domain.state = 'shutoff'
  mute.domain.getState = () => Promise.reject(new Error('connection lost'))
  await using environment = await pool.allocate()
  expect([dead.identifier, mute.identifier]).not.toContain(environment.identifier)
  await expect.poll(() => [pool.waiting, allocated()]).toEqual([2, 3])
  expect([dead.resources.allocated, mute.resources.allocated]).toEqual([false, false])
})

test('one that dies between its allocation and poweron is reported, and can be powered on again', async () => {
  const pool = await pooled(remembering().factory)
  await using environment = await pool.allocate()
  const { context } = environment
  context.domain.state = 'shutoff'
  await expect(context.poweron()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  await context.poweron()
  expect(await context.state()).toBe('running')
})

test.each(['allocate', 'create', 'suspend'])(
  'a first filling whose %s fails says why, and leaves nothing',
  async (method) => {
    const { factory, allocated } = remembering((index) => (index === 3 ? { failing: [method] } : {}))
    await expect(pooled(factory, { size: 8 })).rejects.toThrow(`simulated failure of ${method}`)
    expect(allocated()).toBe(0)
  },
)

test('without an agent that answers it cannot be filled, unless it is configured what to wait for', async () => {
  const factory = simulatedFactory({ lacking: ['agent'] })
  await expect(WarmPool.create(factory, { size: 1 })).rejects.toMatchObject({ code: 'AGENT_UNAVAILABLE' })
})

test('a preparation that never ends is ended', async () => {
  const { factory, allocated } = remembering()
  const pool = pooled(factory, { prepare: endless, fillTimeoutMs: 20 })
  await expect(pool).rejects.toMatchObject({ code: 'POOL_TIMEOUT' })
  expect(allocated()).toBe(0)
})

test('failures of replacements are logged, retried with growing pauses, and do not stop allocations', async () => {
  let isBroken = false
  const { factory, asked } = remembering(() => (isBroken ? { failing: ['suspend'] } : {}))
  const { logger, lines } = recordingLogger()
  const pool = await pooled(factory, { size: 1, logger, retryMs: 20 })
  isBroken = true
  await using first = await pool.allocate()
  const told = () => lines.filter(({ msg }) => String(msg).includes('could not be made'))
  await expect.poll(() => told().length).toBeGreaterThanOrEqual(3)
  expect(told().slice(0, 3)).toMatchObject([{ retryMs: 20 }, { retryMs: 40 }, { retryMs: 80 }])
  expect(told()[0]).toMatchObject({ err: { message: 'simulated failure of suspend' } })
  expect(pool.failure).toMatchObject({ message: 'simulated failure of suspend' })
  expect(asked()).toBeLessThan(10)
  // None waits: a fresh one is made, which starts from nothing.
  await using second = await pool.allocate()
  await second.context.poweron()
  expect(await second.context.state()).toBe('running')
  expect(second.identifier).not.toBe(first.identifier)
  isBroken = false
  await expect.poll(() => pool.waiting).toBe(1)
  expect(pool.failure).toBeUndefined()
})

test('when nothing can be made at all, who allocates hears the reason', async () => {
  let isBroken = false
  const { factory } = remembering(() => (isBroken ? { failing: ['allocate'] } : {}))
  const pool = await pooled(factory, { size: 1 })
  isBroken = true
  await using _ = await pool.allocate()
  await expect(pool.allocate()).rejects.toThrow('simulated failure of allocate')
})

test('makes no more at a time than it may', async () => {
  let now = 0
  let most = 0
  const prepare = async () => {
    most = Math.max(most, ++now)
    await sleep(2)
    now--
  }
  await pooled(remembering().factory, { size: 9, parallel: 3, prepare })
  expect(most).toBe(3)
})

test('closing while it fills ends the filling and releases all, but what was handed out', async () => {
  const { factory, allocated } = remembering()
  let isSlow = false
  const prepare = () => (isSlow ? endless() : Promise.resolve())
  const pool = await pooled(factory, { size: 3, prepare })
  isSlow = true
  const environment = await pool.allocate()
  await Promise.all([pool.close(), pool.close()])
  expect(allocated()).toBe(1)
  expect(environment.context.signal.aborted).toBe(false)
  await expect(pool.allocate()).rejects.toMatchObject({ code: 'POOL_CLOSED' })
  await environment.deallocate()
  expect(allocated()).toBe(0)
})

test('closing waits for what is just being taken, and found dead', async () => {
  const { factory, made, allocated } = remembering()
  const pool = await pooled(factory, { size: 1 })
  const [dead] = made
  if (dead === undefined) expect.fail()
  dead.domain.getState = () => sleep(20, { state: 'shutoff' as const })
  const taking = pool.allocate()
  taking.catch(() => undefined)
  await pool.close()
  expect(allocated()).toBe(0)
  await expect(taking).rejects.toMatchObject({ code: 'POOL_CLOSED' })
})

test('what cannot be released is reported when it is closed, and the rest is released', async () => {
  const { factory, allocated } = remembering((index) => (index === 0 ? { failing: ['deallocate'] } : {}))
  const pool = await pooled(factory, { size: 3, parallel: 1 })
  await expect(pool.close()).rejects.toThrow(/left something behind.*simulated failure of deallocate/)
  expect(allocated()).toBe(1)
})

test('an abort closes it, during its first filling or later', async () => {
  const { factory, allocated } = remembering()
  const early = new AbortController()
  const filling = pooled(factory, { prepare: endless, signal: early.signal })
  setTimeout(() => early.abort(new Error('enough')), 5)
  await expect(filling).rejects.toThrow('enough')
  expect(allocated()).toBe(0)
  await expect(pooled(factory, { signal: early.signal })).rejects.toThrow('enough')
  const late = new AbortController()
  const pool = await pooled(factory, { signal: late.signal })
  late.abort(new Error('enough'))
  await expect.poll(allocated).toBe(0)
  await expect(pool.allocate()).rejects.toMatchObject({ code: 'POOL_CLOSED' })
})

test('an aborted allocation takes nothing', async () => {
  const pool = await pooled(remembering().factory)
  await expect(pool.allocate([], { signal: AbortSignal.abort(new Error('no')) })).rejects.toThrow('no')
  expect(pool.waiting).toBe(2)
})

test.each([{ size: 0 }, { size: 1.5 }, { size: 1, parallel: 0 }])('%j is refused', async (options) => {
  const { factory, made } = remembering()
  await expect(pooled(factory, options)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  expect(made).toEqual([])
})
