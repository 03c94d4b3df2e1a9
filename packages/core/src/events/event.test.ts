import { describe, expect, test } from 'vitest'
import { withOrigin } from './actor.ts'
import { SeeError } from '../common/errors.ts'
import { attributesOf, type EventOf, SeeEvent } from './event.ts'
import { type ConfiguredEventName, eventNames } from './event-names.ts'
import { Hook } from '../hooks/hook.ts'
import { z } from 'zod'
import type { SeeContext } from '../context/see-context.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

declare module './event.ts' {
  interface EventMap {
    test_address: { address: string; port?: number }
    test_plain: Attributes
    test_reserved: { name: string }
  }
}

describe('an event', () => {
  test('is its name in a template, and has who fired it and when', () => {
    const before = Date.now()
    const event = SeeEvent.create('test_address', { address: '10.0.0.2' }, '@see/hooks#Some')
    expect(`${event}`).toBe('test_address')
    expect(event.name).toBe('test_address')
    expect(event.origin).toBe('@see/hooks#Some')
    expect(event.timestamp).toBeGreaterThanOrEqual(before)
    expect(event.timestamp).toBeLessThanOrEqual(Date.now())
  })

  test('has its attributes as own properties', () => {
    const event = SeeEvent.create('test_address', { address: '10.0.0.2', port: 1 })
    expect(Object.keys(event)).toEqual(['name', 'origin', 'timestamp', 'address', 'port'])
    expect(attributesOf(event)).toEqual({ address: '10.0.0.2', port: 1 })
  })

  test('cannot be changed', () => {
    const event = SeeEvent.create('test_address', { address: '10.0.0.2' }) as unknown as Record<
      string,
      unknown
    >
    expect(() => (event['address'] = 'other')).toThrow(TypeError)
    expect(() => (event['name'] = 'other')).toThrow(TypeError)
    expect(() => (event['added'] = 'other')).toThrow(TypeError)
    expect(() => delete event['address']).toThrow(TypeError)
  })

  test('does not follow later changes of the object its attributes came from', () => {
    const attributes: Record<string, unknown> = { address: '10.0.0.2' }
    const event = SeeEvent.create('test_address', attributes)
    attributes['address'] = 'other'
    attributes['port'] = 1
    expect(attributesOf(event)).toEqual({ address: '10.0.0.2' })
  })

  test('shares nothing with another of its name', () => {
    const first = SeeEvent.create('test_plain', { only: 'first', both: 1 })
    const second = SeeEvent.create('test_plain', { both: 2 })
    expect(attributesOf(first)).toEqual({ only: 'first', both: 1 })
    expect(attributesOf(second)).toEqual({ both: 2 })
    expect('only' in second).toBe(false)
  })

  test.each(['name', 'origin', 'timestamp', 'toString', 'constructor', 'hasOwnProperty', '__proto__'])(
    'refuses the attribute %s',
    (attribute) => {
      const attributes: object = JSON.parse(`{"fine": 1, "${attribute}": {"polluted": true}}`)
      const thrown = caught(() => SeeEvent.create('test_plain', attributes))
      expect(thrown).toBeInstanceOf(SeeError)
      expect(thrown).toMatchObject({ code: 'EVENT_RESERVED_ATTRIBUTE' })
      expect(String(thrown)).toContain(`"${attribute}"`)
      expect(String(thrown)).toContain('"test_plain"')
      expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
    },
  )

  test('made inside a hook has the hook as its origin', () => {
    expect(SeeEvent.create('test_plain').origin).toBe('environment')
    expect(withOrigin('a hook', () => SeeEvent.create('test_plain')).origin).toBe('a hook')
  })
})

describe('names of events in a configuration', () => {
  test('are one or a list', () => {
    expect(eventNames.parse('post_poweron')).toEqual(['post_poweron'])
    expect(eventNames.parse(['post_poweron', 'my_event'])).toEqual(['post_poweron', 'my_event'])
    expect(eventNames.parse([])).toEqual([])
  })

  test.each([[''], ['two words'], [['fine', '']], [7], [null], [{}]])('are not %j', (value) => {
    expect(eventNames.safeParse(value).success).toBe(false)
  })
})

/** Never run: every line below an expected error must not compile. */
export async function wrongUses(
  context: SeeContext,
  configured: ConfiguredEventName,
  text: string,
): Promise<void> {
  context.subscribe('test_address', (event) => event.address.length + (event.port ?? 0))
  context.subscribe(configured, (event) => event['anything'])
  context.subscribe('post_poweron', (event) => [event.origin, event.timestamp, event['reason']])
  context.subscribe('test_address', (_event: EventOf<'test_address'>) => undefined)
  await context.trigger('test_address', { address: '10.0.0.2' })
  await context.trigger('test_plain')
  await context.trigger('test_plain', { anything: 1 })
  await context.trigger(configured, { anything: 1 })
  await context.poweron({ reason: 'a test' })

  // @ts-expect-error a misspelt event
  context.subscribe('post_powron', () => undefined)
  // @ts-expect-error a misspelt event
  context.subscribeAsync('post_powron', () => undefined)
  // @ts-expect-error a misspelt event
  context.unsubscribe('post_powron', () => undefined)
  // @ts-expect-error a misspelt event
  await context.trigger('test_adress', { address: '10.0.0.2' })
  // @ts-expect-error a missing attribute
  await context.trigger('test_address', {})
  // @ts-expect-error all attributes missing
  await context.trigger('test_address')
  // @ts-expect-error an attribute of the wrong type
  await context.trigger('test_address', { address: 10 })
  // @ts-expect-error an attribute that the event does not have
  await context.trigger('test_address', { address: '10.0.0.2', prefix: 24 })
  // @ts-expect-error a reserved attribute
  await context.trigger('test_plain', { name: 'x' })
  // @ts-expect-error a reserved attribute
  await context.trigger('test_plain', { origin: 'x' })
  // @ts-expect-error a reserved attribute
  await context.poweron({ timestamp: 1 })
  // @ts-expect-error a reserved attribute in the event's declaration: it can never be fired
  await context.trigger('test_reserved', { name: 'x' })
  // @ts-expect-error a string is not the name of an event
  await context.trigger(text)
  // @ts-expect-error a string is not the name of an event
  context.subscribe(text, () => undefined)
  // @ts-expect-error the event has no such attribute
  context.subscribe('test_address', (event) => event.adress)
  context.subscribe('test_address', (event) => {
    // @ts-expect-error an event cannot be changed
    event.address = 'other'
  })
  // @ts-expect-error the handler wants another event
  context.subscribe('test_plain', (event: EventOf<'test_address'>) => event.address)
  // @ts-expect-error a state that no domain has
  simulatedFactory({ state: 'asleep' })
  // @ts-expect-error a key that the configuration does not have
  simulatedFactory({ stat: 'running' })
}

const schema = z.object({ results_folder: z.string(), limit: z.number().default(1) })

export class TypedHook extends Hook<typeof schema> {
  static override readonly schema = schema

  setup(): void {
    const folder: string = this.configuration.results_folder
    const limit: number = this.configuration.limit
    // @ts-expect-error a key that is not in the schema
    const misspelt: unknown = this.configuration.result_folder
    // @ts-expect-error a value of another type
    const wrong: number = this.configuration.results_folder
    this.logger.info({ folder, limit, misspelt, wrong })
  }
}

function caught(run: () => unknown): unknown {
  try {
    return run()
  } catch (error) {
    return error
  }
}
