import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { z } from 'zod'
import { contextFactory } from '../context/context-factory.ts'
import { Environment } from './environment.ts'
import type { EnvironmentOptions } from './environment-options.ts'
import { SeeError } from '../common/errors.ts'
import { evidenceWarning } from '../contract/evidence-warning.ts'
import type { Hook } from '../hooks/hook.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import type { Faults } from '../testing/faults.ts'
import { SimulatedResources, simulatedFactory } from '../testing/simulated-resources.ts'

declare module '../events/event.ts' {
  interface EventMap {
    test_environment: Attributes
    test_nested: Attributes
  }
}

/** A hook that does what its configuration says. */
interface Script {
  readonly construct?: (hook: Hook) => void
  readonly setup?: (hook: Hook) => unknown
  readonly cleanup?: (hook: Hook) => unknown
  readonly [key: string]: unknown
}

const scripted = `
import { z } from 'zod'
export class Scripted {
  static schema = z.looseObject({})
  constructor(parameters) {
    Object.assign(this, parameters)
    this.configuration.construct?.(this)
  }
  async setup() { await this.configuration.setup?.(this) }
  async cleanup() { await this.configuration.cleanup?.(this) }
}
`

let folder: string
let name: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-environment-'))
  await writeFile(join(folder, 'scripted.ts'), scripted)
  name = `${folder}/scripted.ts#Scripted`
})
afterAll(() => rm(folder, { recursive: true, force: true }))

/** Resources that a test can still look at when their environment is gone. */
function watched(faults: Faults = {}) {
  const made: SimulatedResources[] = []
  class Watched extends SimulatedResources {
    constructor(...parameters: ConstructorParameters<typeof SimulatedResources>) {
      super(...parameters)
      made.push(this)
    }
  }
  return { factory: contextFactory(Watched, { faults }), made }
}

interface Entry extends Script {
  readonly optional?: boolean
}

async function allocate(entries: readonly Entry[], options: EnvironmentOptions = {}, faults: Faults = {}) {
  const { logger, lines } = recordingLogger()
  const { factory, made } = watched(faults)
  const hooks = entries.map(({ optional = false, ...configuration }) => ({ name, optional, configuration }))
  const allocation = Environment.allocate(factory, { hooks }, { logger, ...options })
  const error = await allocation.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
  return { allocation, error, lines, made }
}

function thrower(): never {
  throw new Error('boom')
}

function never(): Promise<unknown> {
  return new Promise(() => undefined)
}

async function thrownBy(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  )
}

describe('allocating', () => {
  test('gives a context of its own UUID, allocated', async () => {
    const { factory, made } = watched()
    const environment = await Environment.allocate(factory)
    expect(environment.identifier).toMatch(/^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/)
    expect(environment.context.identifier).toBe(environment.identifier)
    expect(made[0]?.allocated).toBe(true)
    await environment.deallocate()
    expect(made[0]?.allocated).toBe(false)
  })

  test('what its sandbox cannot give evidence of is a warning, which hooks hear of', async () => {
    const warning = evidenceWarning(
      'mine:NO_TRACE',
      'interface 2',
      'it is not on the network of the environment',
    )
    class Warns extends SimulatedResources {
      readonly warnings = [warning]
    }
    const heard: unknown[] = []
    const setup = ({ context }: Hook) =>
      context.subscribe('evidence_incomplete', ({ code, what }) => heard.push([code, what]))
    await using environment = await Environment.allocate(contextFactory(Warns, {}), {
      hooks: [{ name, configuration: { setup } }],
    })
    expect(environment.context.warnings).toEqual([warning])
    expect(heard).toEqual([['mine:NO_TRACE', 'interface 2']])
  })

  test('takes a UUID of the user’s', async () => {
    const identifier = 'C0FFEE00-0000-4000-8000-00000000CAFE'
    await using environment = await Environment.allocate(simulatedFactory(), undefined, { identifier })
    expect(environment.identifier).toBe(identifier.toLowerCase())
  })

  test.each(['', 'x', 'C0FFEE00', '../../etc', 'c0ffee00-0000-4000-8000-00000000cafe '])(
    'refuses "%s" as an identifier',
    async (identifier) => {
      const { error, made } = await allocate([], { identifier })
      expect(error).toMatchObject({ code: 'IDENTIFIER_INVALID' })
      expect(String(error)).toContain(`"${identifier}"`)
      expect(made).toEqual([])
    },
  )

  test('checks the configuration of the resources before anything', () => {
    const wrong = JSON.parse('{"stat": "running"}') as object
    expect(() => simulatedFactory(wrong)).toThrow(/unknown key "stat"/)
  })

  test('checks the hooks before making the sandbox', async () => {
    const { factory, made } = watched()
    const missing = Environment.allocate(factory, { hooks: [{ name: './missing.ts#Hook' }] })
    await expect(missing).rejects.toMatchObject({ code: 'HOOK_LOAD' })
    await expect(Environment.allocate(factory, join(folder, 'missing.json'))).rejects.toMatchObject({
      code: 'FILE_UNREADABLE',
    })
    expect(made).toEqual([])
  })

  test('that fails releases what there is by then', async () => {
    const { error, made } = await allocate([], {}, { failing: ['allocate'] })
    expect(String(error)).toContain('simulated failure of allocate')
    expect(made[0]?.allocated).toBe(false)
  })

  test('that fails, and fails to release, throws both', async () => {
    const { error } = await allocate([], {}, { failing: ['allocate', 'deallocate'] })
    expect(error).toBeInstanceOf(AggregateError)
    expect((error as AggregateError).errors.map(String)).toEqual([
      'Error: simulated failure of allocate',
      'Error: simulated failure of deallocate',
    ])
  })

  test('aborted before it began makes nothing', async () => {
    const { error, made } = await allocate([{}], { signal: AbortSignal.abort(new Error('enough')) })
    expect(String(error)).toBe('Error: enough')
    expect(made).toEqual([])
  })

  test('aborted while the sandbox is made releases it', async () => {
    const abort = new AbortController()
    const log: string[] = []
    class Slow extends SimulatedResources {
      override async allocate({ signal }: { readonly signal: AbortSignal }): Promise<void> {
        log.push('allocate')
        await sleep(60_000, undefined, { signal })
      }
      override async deallocate(): Promise<void> {
        log.push('deallocate')
      }
    }
    const allocation = Environment.allocate(contextFactory(Slow, {}), undefined, { signal: abort.signal })
    await sleep(5)
    abort.abort()
    await expect(allocation).rejects.toMatchObject({ name: 'AbortError' })
    expect(log).toEqual(['allocate', 'deallocate'])
  })

  test('aborted while a hook is set up releases everything, even if the hook does not hear of it', async () => {
    const abort = new AbortController()
    const log: string[] = []
    const entries: Entry[] = [
      { cleanup: () => log.push('first cleaned up') },
      {
        setup: () => {
          setTimeout(() => abort.abort(new Error('enough')), 5)
          return new Promise(() => undefined)
        },
        cleanup: () => log.push('second cleaned up'),
      },
      { setup: () => log.push('third set up') },
    ]
    const { error, made } = await allocate(entries, { signal: abort.signal, handlersTimeoutMs: 20 })
    expect((error as AggregateError).errors).toMatchObject([
      { message: 'enough' },
      { code: 'RELEASE_TIMEOUT' },
    ])
    expect(log).toEqual(['second cleaned up', 'first cleaned up'])
    expect(made[0]?.allocated).toBe(false)
  })

  test('aborted while a hook is set up cleans it up when it is', async () => {
    const abort = new AbortController()
    const log: string[] = []
    const setup = async () => {
      abort.abort(new Error('enough'))
      await sleep(20)
      log.push('set up')
    }
    const { error } = await allocate([{ setup, cleanup: () => log.push('cleaned up') }], {
      signal: abort.signal,
    })
    expect(String(error)).toBe('Error: enough')
    expect(log).toEqual(['set up', 'cleaned up'])
  })

  test('aborted while a hook is set up sets up no other when that goes on', async () => {
    const abort = new AbortController()
    const log: string[] = []
    const entries: Entry[] = [
      {
        setup: async () => {
          abort.abort(new Error('enough'))
          await sleep(5)
        },
      },
      { setup: () => log.push('second set up') },
    ]
    const { error } = await allocate(entries, { signal: abort.signal })
    await sleep(20)
    expect(String(error)).toBe('Error: enough')
    expect(log).toEqual([])
  })
})

describe('hooks', () => {
  test('are set up in order and cleaned up in reverse, before the sandbox goes', async () => {
    const log: string[] = []
    const { factory, made } = watched()
    const entry = (which: string): { name: string; configuration: Script } => ({
      name,
      configuration: {
        construct: () => void log.push(`${which} constructed`),
        setup: () => log.push(`${which} set up`),
        cleanup: () => log.push(`${which} cleaned up, sandbox ${String(made[0]?.allocated)}`),
      },
    })
    const environment = await Environment.allocate(factory, { hooks: [entry('first'), entry('second')] })
    await environment.deallocate()
    expect(log).toEqual([
      'first constructed',
      'first set up',
      'second constructed',
      'second set up',
      'second cleaned up, sandbox true',
      'first cleaned up, sandbox true',
    ])
  })

  test('fire in their own name: in set-up, in handlers, from timers and in cleanup', async () => {
    const origins: string[] = []
    const { factory } = watched()
    const timers: Promise<void>[] = []
    const script: Script = {
      setup: async ({ context }) => {
        context.subscribe('test_environment', (event) =>
          origins.push(`${event.origin} ${String(event['at'])}`),
        )
        context.subscribe('post_poweron', () => context.trigger('test_environment', { at: 'handler' }))
        timers.push(sleep(5).then(() => context.trigger('test_environment', { at: 'timer' })))
        await context.trigger('test_environment', { at: 'set-up' })
      },
      cleanup: ({ context }) => context.trigger('test_environment', { at: 'cleanup' }),
    }
    const environment = await Environment.allocate(factory, { hooks: [{ name, configuration: script }] })
    await environment.context.poweron()
    await Promise.all(timers)
    await environment.deallocate()
    expect(origins).toEqual([`${name} set-up`, `${name} handler`, `${name} timer`, `${name} cleanup`])
  })

  test('log with the identifier and their name on every line', async () => {
    const { allocation, lines } = await allocate([
      { setup: ({ logger }) => logger.info('a line of the hook') },
    ])
    const environment = await allocation
    environment.context.subscribe('test_environment', () => {
      throw new Error('boom')
    })
    await environment.context.trigger('test_environment')
    await environment.deallocate()
    expect(lines).toMatchObject([
      { msg: 'a line of the hook', hook: name },
      { event: 'test_environment', err: { message: 'boom' } },
    ])
    for (const line of lines) expect(line['identifier']).toBe(environment.identifier)
  })

  test.each([
    ['construct', thrower],
    ['setup', thrower],
    ['setup', () => Promise.reject(new Error('boom'))],
  ])(
    'one that throws in %s fails the allocation, naming entry and file; all is released',
    async (at, script) => {
      const log: string[] = []
      const configuration = { [at]: script, cleanup: () => log.push('itself') }
      const entries: Entry[] = [
        { cleanup: () => log.push('before') },
        configuration,
        { setup: () => log.push('after') },
      ]
      const { error, made } = await allocate(entries)
      expect(error).toMatchObject({ code: 'HOOK_SETUP', cause: { message: 'boom' } })
      expect(String(error)).toContain(`hook ${name} cannot be set up: boom`)
      expect(log).toEqual(at === 'construct' ? ['before'] : ['itself', 'before'])
      expect(made[0]?.allocated).toBe(false)
    },
  )

  test('the error has the place in the file', async () => {
    const failing = scripted.replace('async setup() {', "async setup() { throw new Error('boom');")
    await writeFile(join(folder, 'failing.ts'), failing)
    const path = join(folder, 'hooks.json')
    await writeFile(path, '{"hooks": [\n  {"name": "./failing.ts#Scripted"}\n]}')
    await expect(Environment.allocate(watched().factory, path)).rejects.toThrow(
      `${path}:2:3: hook ./failing.ts#Scripted cannot be set up: boom`,
    )
  })

  test.each(['construct', 'setup'])(
    'an optional one that throws in %s is left out with a warning, and hears of no event',
    async (at) => {
      const log: string[] = []
      const entries: Entry[] = [
        { setup: ({ context }) => context.subscribe('test_environment', () => log.push('first')) },
        {
          optional: true,
          [at]: ({ context }: Hook) => {
            context.subscribe('test_environment', () => log.push('half set up'))
            context.subscribeAsync('test_nested', () => log.push('half set up'))
            throw new Error('boom')
          },
        },
        { setup: ({ context }) => context.subscribe('test_nested', () => log.push('third')) },
      ]
      const { allocation, lines } = await allocate(entries)
      await using environment = await allocation
      await environment.context.trigger('test_environment')
      await environment.context.trigger('test_nested')
      expect(log).toEqual(['first', 'third'])
      const warnings = lines.filter(({ level }) => level === 40)
      expect(warnings).toMatchObject([
        { hook: name, identifier: environment.identifier, err: { message: 'boom' } },
      ])
    },
  )

  test('an optional one that cannot be loaded is left out with a warning', async () => {
    const { logger, lines } = recordingLogger()
    const hooks = { hooks: [{ name: './missing.ts#Hook', optional: true }] }
    await using environment = await Environment.allocate(simulatedFactory(), hooks, { logger })
    expect(lines).toMatchObject([
      { level: 40, hook: './missing.ts#Hook', identifier: environment.identifier },
    ])
  })

  test('one that throws in a handler holds nothing up', async () => {
    const entries: Entry[] = [{ setup: ({ context }) => context.subscribe('post_poweron', thrower) }]
    const { allocation, made } = await allocate(entries)
    const environment = await allocation
    await environment.context.poweron()
    expect(environment.context.failures).toMatchObject([
      { event: 'post_poweron', handler: `${name}.thrower`, error: { message: 'boom' } },
    ])
    await environment.deallocate()
    expect(made[0]?.allocated).toBe(false)
  })
})

describe('deallocating', () => {
  test('throws every failure, and releases everything nevertheless', async () => {
    const log: string[] = []
    const entries: Entry[] = [
      { cleanup: () => log.push('first') },
      { cleanup: () => Promise.reject(new Error('boom')) },
      { cleanup: () => log.push('third') },
    ]
    const { allocation } = await allocate(entries, {}, { failing: ['deallocate'] })
    const error = await thrownBy((await allocation).deallocate())
    expect(error).toBeInstanceOf(AggregateError)
    const { errors, message } = error as AggregateError
    expect(errors).toMatchObject([
      { code: 'HOOK_CLEANUP', cause: { message: 'boom' } },
      { message: 'simulated failure of deallocate' },
    ])
    expect(message).toContain(`hook ${name} cannot be cleaned up: boom`)
    expect(message).toContain('simulated failure of deallocate')
    expect(log).toEqual(['third', 'first'])
  })

  test('ends what hooks share once all of them are cleaned up, before the sandbox is released', async () => {
    const log: string[] = []
    const share = (hook: Hook) => {
      hook.context.afterHooks('the first', () => log.push('first'))
      hook.context.afterHooks('the second', () => {
        log.push('second')
        throw new Error('kept')
      })
    }
    const entries = [{ setup: share, cleanup: () => log.push('one') }, { cleanup: () => log.push('other') }]
    const { allocation } = await allocate(entries, {}, { failing: ['deallocate'] })
    const error = await thrownBy((await allocation).deallocate())
    expect(log).toEqual(['other', 'one', 'second', 'first'])
    const { errors } = error as AggregateError
    expect(errors).toMatchObject([{ message: 'kept' }, { message: 'simulated failure of deallocate' }])
  })

  test('twice releases once', async () => {
    const log: string[] = []
    const { allocation } = await allocate([
      {
        cleanup: async () => {
          await sleep(5)
          log.push('cleaned up')
        },
      },
    ])
    const environment = await allocation
    await Promise.all([environment.deallocate(), environment.deallocate()])
    await environment.deallocate()
    expect(log).toEqual(['cleaned up'])
  })

  test('waits for the handlers, whose signal it aborts', async () => {
    const log: string[] = []
    const { allocation } = await allocate([
      {
        setup: ({ context }) => {
          context.subscribeAsync('test_environment', async () => {
            await sleep(60_000, undefined, { signal: context.signal }).catch(() => undefined)
            await context.trigger('test_nested')
          })
          context.subscribe('test_nested', () => log.push('handled'))
        },
        cleanup: () => log.push('cleaned up'),
      },
    ])
    const environment = await allocation
    await environment.context.trigger('test_environment')
    await environment.deallocate()
    expect(log).toEqual(['handled', 'cleaned up'])
    expect(environment.context.signal.reason).toMatchObject({ code: 'CONTEXT_CLOSED' })
  })

  test('waits for the transition that is going on', async () => {
    const { allocation, made } = await allocate([], {}, { delayMs: 20 })
    const environment = await allocation
    const poweron = environment.context.poweron()
    await sleep(5)
    await environment.deallocate()
    await poweron
    expect(made[0]?.domain.state).toBe('running')
  })

  test('from inside a handler does not wait for that handler', async () => {
    const { allocation, made } = await allocate([])
    const environment = await allocation
    environment.context.subscribe('test_environment', () => environment.deallocate())
    await environment.context.trigger('test_environment')
    expect(environment.context.failures).toEqual([])
    expect(made[0]?.allocated).toBe(false)
  })

  test.each([
    ['asynchronous', 'subscribeAsync', /Scripted\.stuck;/],
    ['synchronous', 'subscribe', /a synchronous one, or a transition/],
  ] as const)('gives up on a stuck %s handler, and releases the rest', async (_how, subscribe, names) => {
    const log: string[] = []
    const setup = ({ context }: Hook) => {
      context[subscribe]('test_environment', function stuck() {
        return new Promise(() => undefined)
      })
    }
    const entries: Entry[] = [{ setup, cleanup: () => log.push('cleaned up') }]
    const { allocation, made } = await allocate(entries, { handlersTimeoutMs: 20 })
    const environment = await allocation
    void environment.context.trigger('test_environment')
    const error = (await thrownBy(environment.deallocate())) as AggregateError
    expect(error.errors).toMatchObject([{ code: 'HANDLERS_TIMEOUT' }])
    expect(error.message).toMatch(names)
    expect(error.message).toContain('20 ms')
    expect(log).toEqual(['cleaned up'])
    expect(made[0]?.allocated).toBe(false)
  })

  test('in a hurry gives up on all that hangs, and lets the others end', async () => {
    const log: string[] = []
    const ends = async () => {
      await sleep(20)
      log.push('ended')
    }
    const hurry = AbortSignal.abort(new Error('hurry'))
    const entries = [{ cleanup: ends }, ...Array.from({ length: 4 }, () => ({ cleanup: never }))]
    const { allocation, made } = await allocate(entries, { hurry })
    const environment = await allocation
    environment.context.subscribeAsync('test_environment', never)
    await environment.context.trigger('test_environment')
    const beganAt = performance.now()
    const error = (await thrownBy(environment.deallocate())) as AggregateError
    expect(error.errors).toHaveLength(5)
    expect(error.message).toContain('the end of handlers took too long for an end in a hurry')
    expect([log, made[0]?.allocated]).toEqual([['ended'], false])
    expect(performance.now() - beganAt).toBeLessThan(8000)
  })

  test('gives up on a stuck cleanup, and releases the rest', async () => {
    const log: string[] = []
    const entries: Entry[] = [
      { cleanup: () => log.push('first') },
      { cleanup: () => new Promise(() => undefined) },
      { cleanup: () => log.push('third') },
    ]
    const { allocation, made } = await allocate(entries, { cleanupTimeoutMs: 20 })
    const error = (await thrownBy((await allocation).deallocate())) as AggregateError
    expect(error.errors).toMatchObject([{ code: 'RELEASE_TIMEOUT' }])
    expect(error.message).toContain(`hook ${name} took longer than 20 ms`)
    expect(log).toEqual(['third', 'first'])
    expect(made[0]?.allocated).toBe(false)
  })

  test('lets nothing fire any more', async () => {
    const { allocation } = await allocate([])
    const { context, deallocate } = await allocation.then((environment) => ({
      context: environment.context,
      deallocate: () => environment.deallocate(),
    }))
    await deallocate()
    await expect(context.trigger('test_environment')).rejects.toBeInstanceOf(SeeError)
    await expect(context.poweron()).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
  })

  test('happens at the end of `await using`, also when the block throws', async () => {
    const { factory, made } = watched()
    const use = async () => {
      await using environment = await Environment.allocate(factory)
      await environment.context.poweron()
      throw new Error('boom')
    }
    await expect(use()).rejects.toThrow('boom')
    expect(made[0]?.allocated).toBe(false)
  })
})

test('two environments beside each other see nothing of each other', async () => {
  const shared = { list: ['given'] }
  const schema = z.looseObject({ shared: z.object({ list: z.array(z.string()) }) })
  const log: string[] = []
  const script: Script = {
    shared,
    setup: (hook) => {
      const { list } = schema.parse(hook.configuration).shared
      const seen = hook.configuration['shared'] as typeof shared
      log.push(`${hook.identifier} starts with ${list.join()}`)
      seen.list.push(hook.identifier)
      hook.context.subscribe('test_environment', async (event) => {
        await sleep(2)
        log.push(`${hook.identifier} hears ${String(event['from'])} ${Object.keys(event).join()}`)
        if (event['again'] === undefined) return
        await hook.context.trigger('test_environment', { from: event['from'] })
      })
    },
  }
  const given = { hooks: [{ name, configuration: script }] }
  const factory = simulatedFactory({ state: 'shutoff' })
  const identifiers = ['00000000-0000-4000-8000-000000000001', '00000000-0000-4000-8000-000000000002']
  const environments = await Promise.all(
    identifiers.map((identifier) => Environment.allocate(factory, given, { identifier })),
  )
  const [one, two] = environments
  await one?.context.poweron()
  expect(one?.context.domain.state).toBe('running')
  expect(two?.context.domain.state).toBe('shutoff')
  await Promise.all(
    environments.map(({ context }) => {
      return context.trigger('test_environment', { from: context.identifier, again: true })
    }),
  )
  await Promise.all(environments.map((environment) => environment.deallocate()))
  for (const identifier of identifiers) {
    expect(log.filter((line) => line.startsWith(identifier))).toEqual([
      `${identifier} starts with given`,
      `${identifier} hears ${identifier} name,origin,timestamp,from,again`,
      `${identifier} hears ${identifier} name,origin,timestamp,from`,
    ])
  }
  expect(shared).toEqual({ list: ['given'] })
})

describe('a deadline', () => {
  test('fires its event, ends what waits on the signal, and releases everything without a request', async () => {
    const log: unknown[] = []
    const setup = ({ context }: Hook) => {
      context.subscribe('deadline_reached', ({ deadline_ms }) => log.push(deadline_ms))
      context.signal.addEventListener('abort', () => log.push(context.signal.reason))
    }
    const { allocation, made } = await allocate([{ setup, cleanup: () => log.push('cleaned up') }], {
      deadlineMs: 1000,
    })
    const environment = await allocation
    await expect.poll(() => made[0]?.allocated).toBe(false)
    await environment.deallocate()
    const { reason } = environment.context.signal
    expect(log).toEqual([1000, reason, 'cleaned up'])
    expect(reason).toMatchObject({
      code: 'DEADLINE_REACHED',
      message: expect.stringMatching(/deadline, 1000 ms/),
    })
  })

  test('ends an allocation, whatever a hook waits for', async () => {
    const { error, made } = await allocate([{ setup: () => new Promise(() => undefined) }], {
      deadlineMs: 1000,
      handlersTimeoutMs: 20,
    })
    expect((error as AggregateError).errors).toMatchObject([
      { code: 'DEADLINE_REACHED' },
      { code: 'RELEASE_TIMEOUT' },
    ])
    expect(made[0]?.allocated).toBe(false)
  })

  test('is none when null, and of an environment that has ended', async () => {
    await using endless = await Environment.allocate(simulatedFactory(), [], { deadlineMs: null })
    const ended = await Environment.allocate(simulatedFactory(), [], { deadlineMs: 1000 })
    await ended.deallocate()
    await sleep(1100)
    expect(ended.context.signal.reason).toMatchObject({ code: 'CONTEXT_CLOSED' })
    expect(endless.context.signal.aborted).toBe(false)
  })

  test.each([0, -1, Number.NaN])('of %d is refused before anything is made', async (deadlineMs) => {
    const { error, made } = await allocate([], { deadlineMs })
    expect([error, made]).toMatchObject([{ code: 'CONFIGURATION_INVALID' }, []])
  })
})

describe('a hook that takes too long', () => {
  test('to be set up fails the allocation, with its name and the bound', async () => {
    const { error, made } = await allocate([{ setup: never, setup_timeout: 0.03 }])
    expect(error).toMatchObject({
      code: 'HOOK_TIMEOUT',
      message: expect.stringContaining(`the set-up of hook ${name} took longer than 30 ms`),
    })
    expect(made[0]?.allocated).toBe(false)
  })

  test('to be set up is left out where it is optional', async () => {
    const { allocation } = await allocate([{ optional: true, setup: never }], { setupTimeoutMs: 30 })
    await (await allocation).deallocate()
  })

  test('with an event is put on record, and the next handler runs; what it fires later is outside', async () => {
    const log: string[] = []
    const late = new AbortController()
    const proceeds = once(late.signal, 'abort')
    const setup = ({ context }: Hook) => {
      context.subscribe('test_environment', async function hangs() {
        await proceeds
        await context.trigger('test_nested')
      })
      context.subscribe('test_environment', () => log.push('next'))
      context.subscribe('test_nested', () => log.push('nested'))
    }
    const { allocation } = await allocate([{ setup }], { eachHandlerTimeoutMs: 30 })
    await using environment = await allocation
    await environment.context.trigger('test_environment')
    expect(log).toEqual(['next'])
    expect(environment.context.failures).toMatchObject([
      {
        event: 'test_environment',
        handler: `${name}.hangs`,
        error: {
          code: 'HOOK_TIMEOUT',
          message: expect.stringMatching(/hangs took longer than 30 ms for "test_env/),
        },
      },
    ])
    late.abort()
    await expect.poll(() => log).toEqual(['next', 'nested'])
  })
})

test('a provider that does not heed the signal is left behind, and what it makes later is released', {
  timeout: 40_000,
}, async () => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
  onTestFinished(() => void vi.useRealTimers())
  const { factory, made } = watched()
  const slow: typeof factory = async (identifier, options) => {
    await new Promise((resolve) => setTimeout(resolve, 60_000))
    return await factory(identifier, { ...options, signal: new AbortController().signal })
  }
  const abort = new AbortController()
  const allocation = thrownBy(Environment.allocate(slow, [], { signal: abort.signal }))
  await vi.advanceTimersByTimeAsync(1000)
  abort.abort(new Error('enough'))
  await vi.advanceTimersByTimeAsync(31_000)
  expect(await allocation).toBe(abort.signal.reason)
  await vi.advanceTimersByTimeAsync(60_000)
  expect(made.map(({ allocated }) => allocated)).toEqual([false])
})
