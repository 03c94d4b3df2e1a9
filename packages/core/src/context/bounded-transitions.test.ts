import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, onTestFinished, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { createLogger } from '../common/logger.ts'
import { type Attributes, attributesOf } from '../events/event.ts'
import type { Faults } from '../testing/faults.ts'
import { simulatedFactory, type SimulatedResources } from '../testing/simulated-resources.ts'
import type { SeeContext } from './see-context.ts'
import { type DomainState, type Transition, transitions } from '../contract/transitions.ts'

/** What each transition asks of the domain. */
const methodOf: Record<Transition, string> = {
  poweron: 'create',
  pause: 'suspend',
  resume: 'resume',
  restart: 'reboot',
  shutdown: 'shutdown',
  poweroff: 'destroy',
}
const from: Record<Transition, DomainState> = {
  poweron: 'shutoff',
  pause: 'running',
  resume: 'paused',
  restart: 'running',
  shutdown: 'running',
  poweroff: 'running',
}
const all = ['poweron', 'pause', 'resume', 'restart', 'shutdown', 'poweroff'] as const

type Simulated = SeeContext<SimulatedResources>

async function observed(state: DomainState, faults: Faults = {}) {
  const options = { logger: createLogger('silent') }
  const environment = await Environment.allocate(simulatedFactory({ state, faults }), undefined, options)
  onTestFinished(() => environment.deallocate())
  const events: string[] = []
  environment.context.observe({ eventHandled: ({ event }) => void events.push(`${event}`) })
  return { environment, context: environment.context, events }
}

describe.each(all)('%s of a provider that does not answer', (transition) => {
  const hanging = [methodOf[transition]]
  const code = transition === 'shutdown' ? 'SHUTDOWN_TIMEOUT' : 'TRANSITION_TIMEOUT'

  test('is given up in time, fires no post_, and leaves the state as the provider has it', async () => {
    const { context, events } = await observed(from[transition], { hanging })
    const given = context[transition]({ why: 'a test' }, { timeoutMs: 30 })
    await expect(given).rejects.toMatchObject({ code, message: expect.stringContaining('30 ms') })
    expect(events).toEqual([`pre_${transition}`])
    expect(await context.state()).toBe(from[transition])
  })

  test('ends with the reason of its signal', async () => {
    const { context, events } = await observed(from[transition], { hanging })
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 10)
    await expect(context[transition]({}, { signal: abort.signal })).rejects.toThrow('enough')
    expect(events).toEqual([`pre_${transition}`])
  })

  test('with a signal that has aborted asks for nothing and fires nothing', async () => {
    const { context, events } = await observed(from[transition])
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(context[transition]({}, { signal })).rejects.toThrow('enough')
    expect([events, await context.state()]).toEqual([[], from[transition]])
  })

  test('lets the next transition have its turn', async () => {
    const { context, events } = await observed(from[transition], { hanging })
    await expect(context[transition]({}, { timeoutMs: 10 })).rejects.toMatchObject({ code })
    const next = all.find((each) => each !== transition && allows(from[transition], each))
    if (next === undefined) return
    await context[next]()
    expect(events.slice(1)).toEqual([`pre_${next}`, `post_${next}`])
  })
})

function allows(state: DomainState, transition: Transition): boolean {
  const allowed: readonly Transition[] = transitions[state]
  return allowed.includes(transition)
}

describe('a domain that does not tell its state', () => {
  test('can have its power cut', async () => {
    const { context, events } = await observed('running', { hanging: ['getState'] })
    await context.poweroff({}, { timeoutMs: 1000 })
    expect(events).toEqual(['pre_poweroff', 'post_poweroff'])
    expect(context.domain.state).toBe('shutoff')
  })

  test.each(all.filter((each) => each !== 'poweroff'))('cannot %s, and fires nothing', async (transition) => {
    const { context, events } = await observed(from[transition], { hanging: ['getState'] })
    const code = transition === 'shutdown' ? 'SHUTDOWN_TIMEOUT' : 'TRANSITION_TIMEOUT'
    await expect(context[transition]({}, { timeoutMs: 30 })).rejects.toMatchObject({ code })
    expect(events).toEqual([])
  })

  test('is not waited for longer than the caller has time', async () => {
    const { context } = await observed('running', { hanging: ['getState'] })
    await expect(context.state({ timeoutMs: 20 })).rejects.toMatchObject({ code: 'HYPERVISOR_TIMEOUT' })
    const abort = new AbortController()
    setTimeout(() => abort.abort(new Error('enough')), 20)
    await expect(context.state({ signal: abort.signal })).rejects.toThrow('enough')
  })
})

test('the time of a transition is the provider’s: its handlers do not count', async () => {
  const { context, events } = await observed('shutoff')
  context.subscribe('pre_poweron', () => sleep(400))
  await context.poweron({}, { timeoutMs: 300 })
  expect(events).toEqual(['pre_poweron', 'post_poweron'])
})

test('a signal that aborts while the handlers run ends the transition before anything is asked', async () => {
  const { context, events } = await observed('shutoff')
  const abort = new AbortController()
  context.subscribe('pre_poweron', () => abort.abort(new Error('enough')))
  await expect(context.poweron({}, { signal: abort.signal })).rejects.toThrow('enough')
  expect([events, context.domain.powerOns]).toEqual([['pre_poweron'], 0])
})

test('a transition that waits for its turn is given up at its signal, and the turn passes it over', async () => {
  const { context, events } = await observed('shutoff', { delayMs: 30 })
  const abort = new AbortController()
  const first = context.poweron()
  const waiting = context.pause({}, { signal: abort.signal })
  const last = context.poweroff()
  const ended: string[] = []
  waiting.catch(() => ended.push('the one given up'))
  void first.then(() => ended.push('the first'))
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
  await Promise.all([first, last])
  expect(ended).toEqual(['the one given up', 'the first'])
  expect(events).toEqual(['pre_poweron', 'post_poweron', 'pre_poweroff', 'post_poweroff'])
})

describe('deallocate', () => {
  test('is waited for as long as its caller has time, and goes on; a further call waits for the rest', async () => {
    const { environment, context } = await observed('running')
    const over = new AbortController()
    context.subscribeAsync('post_pause', () => once(over.signal, 'abort'))
    await context.pause()
    const given = environment.deallocate({ timeoutMs: 20 })
    await expect(given).rejects.toMatchObject({
      code: 'RELEASE_TIMEOUT',
      message: expect.stringMatching(/20 ms.*handlers/),
    })
    expect(context.resources.allocated).toBe(true)
    over.abort()
    await environment.deallocate()
    expect(context.resources.allocated).toBe(false)
  })

  test('begins even with a signal that has aborted', async () => {
    const { environment, context } = await observed('running')
    const signal = AbortSignal.abort(new Error('enough'))
    await expect(environment.deallocate({ signal })).rejects.toThrow('enough')
    await environment.deallocate()
    expect(context.resources.allocated).toBe(false)
  })
})

async function shutDown(ask: (context: Simulated) => Promise<void>, isBounded: boolean) {
  const { context } = await observed('running', { ignoresShutdown: true })
  const seen: unknown[] = []
  context.subscribe('pre_shutdown', (event) => void seen.push(attributesOf(event)))
  const asked = ask(context).catch((error: unknown) => error)
  const outcome = isBounded ? await asked : await Promise.race([asked, sleep(150, 'no bound')])
  return { attributes: seen[0], outcome }
}

describe('shutdown’s arguments', () => {
  const attributes = { why: 'a test', nested: { timeoutMs: 1 } }

  const timedOut = expect.objectContaining({ code: 'SHUTDOWN_TIMEOUT' })

  test.each([
    [
      'attributes, options',
      (context: Simulated) => context.shutdown(attributes, { timeoutMs: 10 }),
      attributes,
    ],
    ['no attributes, options', (context: Simulated) => context.shutdown({}, { timeoutMs: 10 }), {}],
    ['undefined, options', (context: Simulated) => context.shutdown(undefined, { timeoutMs: 10 }), {}],
    [
      'options, attributes',
      (context: Simulated) => context.shutdown({ timeoutMs: 10 }, attributes),
      attributes,
    ],
    ['options', (context: Simulated) => context.shutdown({ timeoutMs: 10 }), {}],
  ])('%s', async (_order, shutdown, expected) => {
    expect(await shutDown(shutdown, true)).toEqual({ attributes: expected, outcome: timedOut })
  })

  test.each([
    ['attributes', (context: Simulated) => context.shutdown(attributes), attributes],
    ['nothing, attributes', (context: Simulated) => context.shutdown({}, attributes), attributes],
    ['undefined, attributes', (context: Simulated) => context.shutdown(undefined, attributes), attributes],
    ['attributes, nothing', (context: Simulated) => context.shutdown(attributes, {}), attributes],
    ['nothing', (context: Simulated) => context.shutdown(), {}],
  ])('%s: without a bound', async (_order, shutdown, expected) => {
    expect(await shutDown(shutdown, false)).toEqual({ attributes: expected, outcome: 'no bound' })
  })
})

test('calls with arguments in the wrong place do not compile', async () => {
  const { context } = await observed('shutoff')
  const known: Attributes = { why: 'a variable of any attributes is one' }
  const calls = (): Promise<void>[] => [
    context.poweron(known),
    context.shutdown(known, { timeoutMs: 1 }),
    // @ts-expect-error: options are the second argument.
    context.poweron({ timeoutMs: 2000 }),
    // @ts-expect-error: options are the second argument.
    context.pause({ signal: AbortSignal.timeout(1) }),
    // @ts-expect-error: a bound is a number of milliseconds.
    context.resume({}, { timeoutMs: '2000' }),
    // @ts-expect-error: there is no such option.
    context.restart({}, { timeout: 2000 }),
    // @ts-expect-error: attributes are the first argument.
    context.poweroff({}, { reason: 'demo' }),
    // @ts-expect-error: not even the old order has both in one.
    context.shutdown({ timeoutMs: 2000, reason: 'demo' }),
    // @ts-expect-error: neither is a wait.
    context.shutdown({ reason: 'demo' }, { other: 1 }),
    // @ts-expect-error: both are waits.
    context.shutdown({ timeoutMs: 1 }, { timeoutMs: 2 }),
    // @ts-expect-error: a bound is a number of milliseconds.
    context.shutdown({ timeoutMs: '2000' }),
  ]
  expect(calls).toBeTypeOf('function')
})
