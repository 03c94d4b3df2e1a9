import { expect, test } from 'vitest'
import { z } from 'zod'
import { Environment } from '../environment/environment.ts'
import { eventNames } from '../events/event-names.ts'
import { Hook, type HookParameters } from './hook.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'
import { WarmPool } from '../environment/warm-pool.ts'

const schema = z.object({
  folder: z.string(),
  fire_on_event: eventNames.default([]),
  limit: z.number().default(1),
})

const told: object[] = []

class Teller extends Hook<typeof schema> {
  static override readonly schema = schema

  setup(): void {
    for (const event of this.configuration.fire_on_event) {
      this.context.subscribe(event, ({ name, origin }) => told.push({ name, origin, ...this.configuration }))
    }
  }
}

/** As the reference's manual writes hooks: the constructor subscribes. */
class Pauser extends Hook {
  constructor(parameters: HookParameters<Record<string, unknown>>) {
    super(parameters)
    this.context.subscribe('post_poweron', this.pause)
  }

  readonly pause = () => this.context.pause()
}

test('a class may stand in place of a name, with its own configuration over the generic', async () => {
  told.length = 0
  await using environment = await Environment.allocate(simulatedFactory(), {
    configuration: { folder: 'generic', limit: 2 },
    hooks: [
      { hook: Teller, configuration: { fire_on_event: 'post_poweron' } },
      { hook: Teller, configuration: { folder: 'own', fire_on_event: ['post_pause'] } },
      { hook: Pauser, configuration: { anything: 1 } },
    ],
  })
  const { context } = environment
  await context.poweron()
  expect(await context.state()).toBe('paused')
  const origin = '@see/core#SeeContext'
  expect(told).toEqual([
    { name: 'post_poweron', origin, folder: 'generic', fire_on_event: ['post_poweron'], limit: 2 },
    { name: 'post_pause', origin, folder: 'own', fire_on_event: ['post_pause'], limit: 2 },
  ])
})

test('what a constructor subscribes is the hook’s: it is named, and heard no more when the hook is left out', async () => {
  class Fails extends Hook {
    constructor(parameters: HookParameters<Record<string, unknown>>) {
      super(parameters)
      this.context.subscribe('post_poweron', this.fail)
      if (this.configuration['stop'] === true) throw new Error('not here')
    }

    readonly fail = () => {
      throw new Error('heard')
    }
  }
  await using environment = await Environment.allocate(simulatedFactory(), {
    hooks: [{ hook: Fails }, { hook: Fails, configuration: { stop: true }, optional: true }],
  })
  await environment.context.poweron()
  expect(environment.context.failures).toMatchObject([{ handler: 'Fails.fail' }])
  const hooks = { hooks: [{ hook: Fails, configuration: { stop: true } }] }
  await expect(Environment.allocate(simulatedFactory(), hooks)).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    message: 'configuration: hook Fails cannot be set up: not here',
  })
})

const refusing = () => Promise.reject(new Error('made something'))

/** Expects what the compiler would not let through to be refused. */
const refused = async (entry: object, message: string, code = 'CONFIGURATION_INVALID') => {
  const hooks = [entry as { name: string }]
  await expect(Environment.allocate(refusing, { hooks })).rejects.toMatchObject({
    code,
    message: expect.stringContaining(message),
  })
}

test('a configuration that does not fit is refused before anything is made', async () => {
  await refused({ hook: Teller, configuration: { folder: 1 } }, '"hooks.0.configuration.folder": ')
  await refused(
    { hook: Teller, configuration: { foldr: 'x' } },
    'unknown key "foldr", did you mean "folder"?',
  )
  await refused({ hook: Teller, optionl: true }, 'unknown key "hooks.0.optionl"')
  await refused(
    { hook: Teller, name: 'Teller' },
    'a hook has either a "name" or, in code, its class as "hook"',
  )
  await refused({ optional: true }, 'a hook has either a "name" or, in code, its class as "hook"')
  await refused({ hook: 'Teller' }, 'is not a hook: it is a string, not a class', 'HOOK_LOAD')
  await refused({ hook: Date }, 'is not a hook: its class neither extends Hook', 'HOOK_LOAD')
})

test('a warm pool also takes classes', async () => {
  await using pool = await WarmPool.create(simulatedFactory(), { size: 1, prepare: async () => undefined })
  await using environment = await pool.allocate({ hooks: [{ hook: Pauser }] })
  await environment.context.poweron()
  expect(await environment.context.state()).toBe('paused')
})

// Never called: the compiler is what is tested.
export const doCompile = async () => {
  const factory = simulatedFactory()
  const named: { name: string; optional?: boolean }[] = []
  await Environment.allocate(factory, { hooks: named })
  const teller = { hook: Teller, configuration: { limit: 3 } } as const
  await Environment.allocate(factory, { hooks: [{ name: 'a', configuration: { any: 1 } }, teller] })
  await Environment.allocate(factory, [
    'hooks.json',
    { hooks: { hooks: named } },
    { configuration: { folder: 'results' }, hooks: [...named, { hook: Pauser, configuration: { any: 1 } }] },
  ])
}

export const doNotCompile = async () => {
  const factory = simulatedFactory()
  // @ts-expect-error a value of a wrong type
  await Environment.allocate(factory, { hooks: [{ hook: Teller, configuration: { folder: 1 } }] })
  // @ts-expect-error a misspelt key beside a right one
  await Environment.allocate(factory, { hooks: [{ hook: Teller, configuration: { folder: '', limt: 1 } }] })
  // @ts-expect-error a key of another hook's
  await Environment.allocate(factory, { hooks: [{ name: 'a' }, { hook: Teller, configuration: { any: 1 } }] })
  // @ts-expect-error a misspelt key of the entry
  await Environment.allocate(factory, { hooks: [{ hook: Pauser, optionl: true }] })
  // @ts-expect-error both
  await Environment.allocate(factory, { hooks: [{ hook: Pauser, name: 'Pauser' }] })
  // @ts-expect-error no class
  await Environment.allocate(factory, { hooks: [{ hook: 'Pauser' }] })
  // @ts-expect-error a class of something else
  await Environment.allocate(factory, { hooks: [{ hook: Date }] })
  await Environment.allocate(factory, [
    'hooks.json',
    // @ts-expect-error in a list
    { hooks: [{ hook: Teller, configuration: { limt: 1 } }] },
  ])
  const pool = await WarmPool.create(factory, { size: 1 })
  // @ts-expect-error of a warm pool
  await pool.allocate({ hooks: [{ hook: Teller, configuration: { limt: 1 } }] })
}
