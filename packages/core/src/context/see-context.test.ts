import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { Environment } from '../environment/environment.ts'
import { SeeError } from '../common/errors.ts'
import { attributesOf } from '../events/event.ts'
import { createLogger } from '../common/logger.ts'
import type { Faults } from '../testing/faults.ts'
import { SIMULATED_MAC } from '../testing/simulated-domain.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'
import { type DomainState, type Transition, transitions } from '../contract/transitions.ts'

const states = Object.keys(transitions) as DomainState[]
const all: Transition[] = ['poweron', 'pause', 'resume', 'restart', 'shutdown', 'poweroff']
const after: Record<Transition, DomainState> = {
  poweron: 'running',
  pause: 'paused',
  resume: 'running',
  restart: 'running',
  shutdown: 'shutoff',
  poweroff: 'shutoff',
}

async function observed(state: DomainState, faults: Faults = {}) {
  const environment = await Environment.allocate(simulatedFactory({ state, faults }), undefined, {
    logger: createLogger('silent'),
  })
  const events: string[] = []
  environment.context.observe({ eventHandled: ({ event }) => void events.push(`${event}`) })
  return { environment, context: environment.context, events }
}

describe.each(states)('a domain that is %s', (state) => {
  const allowed: readonly Transition[] = transitions[state]
  const forbidden = all.filter((transition) => !allowed.includes(transition))

  test.each(forbidden)(
    'refuses %s, naming the state and what is allowed, and fires nothing',
    async (transition) => {
      const { environment, context, events } = await observed(state)
      await using _ = environment
      const error = await context[transition]().catch((thrown: unknown) => thrown)
      expect(error).toBeInstanceOf(SeeError)
      expect(error).toMatchObject({ code: 'TRANSITION_FORBIDDEN' })
      expect(String(error)).toContain(`cannot ${transition} a domain that is ${state}`)
      for (const each of allowed) expect(String(error)).toContain(each)
      expect(events).toEqual([])
      expect(context.domain.state).toBe(state)
    },
  )

  test.each(allowed)('allows %s, and fires both events', async (transition) => {
    const { environment, context, events } = await observed(state)
    await using _ = environment
    await context[transition]()
    expect(events).toEqual([`pre_${transition}`, `post_${transition}`])
    expect(context.domain.state).toBe(after[transition])
  })
})

describe('a transition', () => {
  test.each(all)('%s puts its attributes onto both of its events', async (transition) => {
    const from = states.find((state) => transitions[state].some((allowed) => allowed === transition))
    const { environment, context } = await observed(from ?? 'nostate')
    await using _ = environment
    const attributes: Record<string, unknown>[] = []
    context.observe({ eventHandled: ({ event }) => void attributes.push(attributesOf(event)) })
    const given = { reason: 'a test', nested: { n: 1 } }
    await context[transition](given)
    expect(attributes).toEqual([given, given])
  })

  test('fires in the name of the context', async () => {
    const { environment, context } = await observed('shutoff')
    await using _ = environment
    const origins: string[] = []
    context.subscribe('pre_poweron', (event) => origins.push(event.origin))
    context.subscribe('post_poweron', (event) => origins.push(event.origin))
    await context.poweron()
    expect(origins).toEqual(['@see/core#SeeContext', '@see/core#SeeContext'])
  })

  test.each([
    ['poweron', 'shutoff', 'create'],
    ['pause', 'running', 'suspend'],
    ['resume', 'paused', 'resume'],
    ['resume', 'pmsuspended', 'pmWakeup'],
    ['restart', 'running', 'reboot'],
    ['restart', 'crashed', 'reset'],
    ['shutdown', 'running', 'shutdown'],
    ['poweroff', 'running', 'destroy'],
  ] as const)(
    '%s of a domain that is %s fails as %s fails, after pre_ and without post_',
    async (transition, state, method) => {
      const { environment, context, events } = await observed(state, { failing: [method] })
      await using _ = environment
      await expect(context[transition]()).rejects.toThrow(`simulated failure of ${method}`)
      expect(events).toEqual([`pre_${transition}`])
      expect(context.domain.state).toBe(state)
      // The context goes on.
      await context.trigger('post_pause')
      expect(events).toHaveLength(2)
    },
  )

  test('with a reserved attribute changes nothing', async () => {
    const { environment, context, events } = await observed('shutoff')
    await using _ = environment
    const attributes: Record<string, never> = JSON.parse('{"origin": "me"}')
    await expect(context.poweron(attributes)).rejects.toMatchObject({ code: 'EVENT_RESERVED_ATTRIBUTE' })
    expect(events).toEqual([])
    expect(context.domain.state).toBe('shutoff')
  })

  test('of an environment that is deallocated is refused, though the state cannot be read', async () => {
    const { environment, context } = await observed('shutoff')
    await environment.deallocate()
    context.domain.getState = () => Promise.reject(new Error('connection closed'))
    for (const transition of all) {
      await expect(context[transition]()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    }
  })

  test('a crashed domain that a reset leaves paused is resumed', async () => {
    const { environment, context } = await observed('crashed')
    await using _ = environment
    context.domain.reset = async () => {
      context.domain.state = 'paused'
    }
    await context.restart()
    expect(context.domain.state).toBe('running')
  })

  test('lets nothing else run between its two events', async () => {
    const { environment, context, events } = await observed('shutoff', { delayMs: 10 })
    await using _ = environment
    const poweron = context.poweron()
    await Promise.all([context.trigger('pre_resume'), context.pause(), poweron])
    expect(events).toEqual(['pre_poweron', 'post_poweron', 'pre_resume', 'pre_pause', 'post_pause'])
  })
})

describe('transitions from inside handlers', () => {
  test('of a synchronous one run inside it', async () => {
    const { environment, context, events } = await observed('shutoff')
    await using _ = environment
    context.subscribe('post_poweron', () => context.pause())
    await context.poweron()
    expect(events).toEqual(['pre_poweron', 'pre_pause', 'post_pause', 'post_poweron'])
    expect(context.domain.state).toBe('paused')
  })

  test('of a nested event run inside it too', async () => {
    const { environment, context, events } = await observed('running')
    await using _ = environment
    context.subscribe('pre_resume', () => context.trigger('post_resume'))
    context.subscribe('post_resume', () => context.pause())
    context.subscribe('pre_pause', () => context.trigger('pre_restart'))
    await context.trigger('pre_resume')
    expect(events).toEqual(['pre_restart', 'pre_pause', 'post_pause', 'post_resume', 'pre_resume'])
  })

  test('of a synchronous one that does not await them are over before the next goes on', async () => {
    const { environment, context } = await observed('shutoff', { delayMs: 5 })
    await using _ = environment
    const seen: string[] = []
    context.subscribe('post_poweron', () => void context.pause())
    context.subscribe('post_poweron', () => void seen.push(context.domain.state))
    await context.poweron()
    expect(seen).toEqual(['paused'])
  })

  test('two that one handler starts together run one after the other', async () => {
    const { environment, context, events } = await observed('running', { delayMs: 5 })
    await using _ = environment
    context.subscribe('post_restart', async () => {
      await Promise.all([context.pause(), context.resume()])
    })
    await context.trigger('post_restart')
    expect(context.failures).toEqual([])
    expect(events).toEqual(['pre_pause', 'post_pause', 'pre_resume', 'post_resume', 'post_restart'])
  })

  test('of an asynchronous one wait for the transition that is going on', async () => {
    const { environment, context, events } = await observed('shutoff', { delayMs: 5 })
    await using _ = environment
    context.subscribeAsync('pre_poweron', () => context.pause())
    await context.poweron()
    await context.settled()
    expect(context.failures).toEqual([])
    expect(events).toEqual(['pre_poweron', 'post_poweron', 'pre_pause', 'post_pause'])
  })

  test('a forbidden one fails that handler only', async () => {
    const { environment, context } = await observed('shutoff')
    await using _ = environment
    context.subscribe('post_poweron', () => context.resume())
    await context.poweron()
    expect(context.failures).toMatchObject([
      { event: 'post_poweron', error: { code: 'TRANSITION_FORBIDDEN' } },
    ])
  })
})

describe('shutdown', () => {
  test('waits for the guest, and fires post_shutdown only then; others fire meanwhile', async () => {
    const { environment, context, events } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    const shutdown = context.shutdown()
    await sleep(5)
    await context.trigger('post_restart')
    expect(events).toEqual(['pre_shutdown', 'post_restart'])
    context.domain.state = 'shutdown'
    await sleep(5)
    expect(events).toHaveLength(2)
    context.domain.state = 'shutoff'
    await shutdown
    expect(events).toEqual(['pre_shutdown', 'post_restart', 'post_shutdown'])
  })

  test('gives up after its timeout, saying what to do', async () => {
    const { environment, context, events } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    const error = await context.shutdown({}, { timeoutMs: 20 }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
    expect(String(error)).toMatch(/20 ms.*poweroff/)
    expect(events).toEqual(['pre_shutdown'])
    expect(context.domain.state).toBe('running')
  })

  test('does not wait for a guest that crashes instead', async () => {
    const { environment, context } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    context.domain.shutdown = async () => void (context.domain.state = 'crashed')
    await expect(context.shutdown()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  })

  test('gives up in time even when the provider does not answer', async () => {
    const { environment, context } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    context.domain.shutdown = async () => {
      context.domain.getState = () => new Promise(() => undefined)
    }
    await expect(context.shutdown({}, { timeoutMs: 20 })).rejects.toMatchObject({ code: 'SHUTDOWN_TIMEOUT' })
  })

  test('can be aborted, and does not ask the guest once it is', async () => {
    const { environment, context, events } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    const abort = new AbortController()
    const shutdown = context.shutdown({}, { signal: abort.signal })
    await sleep(5)
    abort.abort(new Error('enough'))
    await expect(shutdown).rejects.toThrow('enough')
    await expect(context.shutdown({}, { signal: abort.signal })).rejects.toThrow('enough')
    expect(events).toEqual(['pre_shutdown'])
  })

  test('ends when the power is cut meanwhile', async () => {
    const { environment, context, events } = await observed('running', { ignoresShutdown: true })
    await using _ = environment
    const shutdown = context.shutdown()
    await sleep(5)
    await context.poweroff()
    await shutdown
    expect(events).toEqual(['pre_shutdown', 'pre_poweroff', 'post_poweroff', 'post_shutdown'])
  })

  test('ends when its environment does', async () => {
    const { environment, context } = await observed('running', { ignoresShutdown: true })
    const shutdown = context.shutdown()
    const ended = expect(shutdown).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    await sleep(5)
    await environment.deallocate()
    await ended
  })
})

describe('the addresses', () => {
  test('are those of the provider', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    expect(context.macAddress()).toBe(SIMULATED_MAC)
    expect(await context.ip4Address()).toBe('10.0.0.2')
    expect(await context.ip6Address()).toBeUndefined()
    expect(await context.waitForIp4Address()).toBe('10.0.0.2')
  })

  test('are waited for', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    context.domain.address = '169.254.1.1'
    const waiting = context.waitForIp4Address({ timeoutMs: 5000 })
    await sleep(5)
    context.domain.address = 'garbage'
    expect(await context.ip4Address()).toBeUndefined()
    context.domain.address = '10.0.0.7'
    expect(await waiting).toBe('10.0.0.7')
  })

  test.each(['waitForIp4Address', 'waitForIp6Address'] as const)(
    '%s gives up after its timeout',
    async (wait) => {
      const { environment, context } = await observed('running', { noAddress: true })
      await using _ = environment
      const error = await context[wait]({ timeoutMs: 20 }).catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'ADDRESS_TIMEOUT' })
      expect(String(error)).toMatch(/IPv[46] address within 20 ms/)
    },
  )

  test('waiting for them can be aborted, and ends when the environment does', async () => {
    const { environment, context } = await observed('running', { noAddress: true })
    const abort = new AbortController()
    const aborted = expect(context.waitForIp4Address({ signal: abort.signal })).rejects.toThrow('enough')
    const closed = expect(context.waitForIp4Address()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    abort.abort(new Error('enough'))
    await aborted
    await environment.deallocate()
    await closed
  })

  test('many may wait for them: that is no leak', async () => {
    const warnings: Error[] = []
    const warn = (warning: Error) => void warnings.push(warning)
    process.on('warning', warn)
    const { environment, context } = await observed('running', { noAddress: true })
    const waits = Array.from({ length: 50 }, () => context.waitForIp4Address().catch(() => 'ended'))
    await sleep(5)
    await environment.deallocate()
    expect(new Set(await Promise.all(waits))).toEqual(new Set(['ended']))
    process.off('warning', warn)
    expect(warnings).toEqual([])
  })

  test('is not waited for when the guest stops while it is asked for', async () => {
    const { environment, context } = await observed('running', { noAddress: true })
    await using _ = environment
    context.domain.interfaceAddresses = async () => {
      context.domain.state = 'shutoff'
      throw new Error('domain is not running')
    }
    await expect(context.waitForIp4Address()).rejects.toMatchObject({ code: 'GUEST_STOPPED' })
  })

  test.each(['shutoff', 'crashed', 'shutdown', 'pmsuspended'] as const)(
    'are not waited for when the guest is %s',
    async (state) => {
      const { environment, context } = await observed('running', { noAddress: true })
      await using _ = environment
      context.domain.state = state
      expect(await context.ip4Address()).toBeUndefined()
      const error = await context.waitForIp4Address().catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'GUEST_STOPPED' })
      expect(String(error)).toContain(state)
    },
  )

  test('are remembered until the power is off', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    expect(await context.ip4Address()).toBe('10.0.0.2')
    context.domain.address = '10.0.0.9'
    expect(await context.ip4Address()).toBe('10.0.0.2')
    await context.pause()
    expect(await context.ip4Address()).toBe('10.0.0.2')
    await context.poweroff()
    expect(await context.ip4Address()).toBeUndefined()
    await context.poweron()
    expect(await context.ip4Address()).toBe('10.0.0.9')
    context.domain.address = '10.0.0.10'
    await context.shutdown()
    await context.poweron()
    expect(await context.ip4Address()).toBe('10.0.0.10')
  })

  test('are forgotten when the guest powered itself off', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    expect(await context.ip4Address()).toBe('10.0.0.2')
    context.domain.state = 'shutoff'
    context.domain.address = '10.0.0.9'
    await context.poweron()
    expect(await context.ip4Address()).toBe('10.0.0.9')
  })

  test('of before are not remembered by an answer that came late', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    const { domain } = context
    const answer = domain.interfaceAddresses.bind(domain)
    domain.interfaceAddresses = async () => {
      const old = await answer()
      await sleep(10)
      return old
    }
    const late = context.ip4Address()
    await sleep(1)
    await context.poweroff()
    domain.address = '10.0.0.9'
    await context.poweron()
    expect(await late).toBe('10.0.0.2')
    expect(await context.ip4Address()).toBe('10.0.0.9')
  })

  test('a guest that only its agent knows of has none until that answers', async () => {
    const { environment, context } = await observed('running')
    await using _ = environment
    Object.assign(context.resources, { addressSource: 'agent' })
    context.domain.interfaceAddresses = () => Promise.reject(new Error('no agent yet'))
    expect(await context.ip4Address()).toBeUndefined()
  })
})

const KILLED = { reason: 'killed', detail: 'killed in a test', exitCode: null, signal: 'SIGKILL' } as const

test('an end that was not asked for is one event, in the name of the context, outside of whatever runs', async () => {
  const { environment, context, events } = await observed('running')
  await using _ = environment
  const seen: unknown[] = []
  context.subscribe('domain_stopped', (event) => void seen.push([event.origin, attributesOf(event)]))
  context.subscribe('pre_pause', () => context.resources.guest?.ended(KILLED))
  await context.pause()
  await context.settled()
  expect(events).toEqual(['pre_pause', 'post_pause', 'domain_stopped'])
  const attributes = { reason: 'killed', detail: KILLED.detail, exit_code: null, signal: 'SIGKILL' }
  expect(seen).toEqual([['@see/core#SeeContext', attributes]])
  expect(context.guestEnds).toEqual([KILLED])
})

test('a shutdown, or a wait for an address, of a guest that is killed says how it ended', async () => {
  const faults = { ignoresShutdown: true, noAddress: true }
  const { environment, context } = await observed('running', faults)
  await using _ = environment
  const waits = [context.shutdown({}, { timeoutMs: 5000 }), context.waitForIp4Address({ timeoutMs: 5000 })]
  const settled = Promise.allSettled(waits)
  await sleep(20)
  context.domain.state = 'shutoff'
  context.resources.guest?.ended(KILLED)
  const reason = expect.objectContaining({
    code: 'GUEST_STOPPED',
    message: expect.stringContaining('killed in a test'),
  })
  expect(await settled).toEqual(waits.map(() => ({ status: 'rejected', reason })))
})

test('how a container ended is not reported, which is a warning', async () => {
  const { environment, context } = await observed('running')
  await using _ = environment
  context.resources.guest?.ended({ reason: 'stopped', detail: 'who knows', exitCode: null, signal: null })
  await context.settled()
  expect(context.warnings).toMatchObject([{ code: 'GUEST_END_UNKNOWN', why: 'who knows' }])
})

test('a guest that reboots without end fills no record, and the rest is a warning', async () => {
  const { environment, context, events } = await observed('running')
  await using _ = environment
  for (let count = 0; count < 150; count++) context.resources.guest?.rebooted('again')
  await context.settled()
  expect(events.filter((name) => name === 'domain_rebooted')).toHaveLength(100)
  expect(context.guestReboots).toBe(150)
  expect(context.warnings).toMatchObject([{ code: 'GUEST_REBOOTS_CUT' }])
})

test('an end that comes after the environment’s fires nothing, and is on record', async () => {
  const { environment, context, events } = await observed('running')
  await environment.deallocate()
  context.resources.guest?.ended(KILLED)
  await sleep(0)
  expect(events).toEqual([])
  expect(context.guestEnds).toEqual([KILLED])
})
