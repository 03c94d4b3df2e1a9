import { setTimeout as sleep } from 'node:timers/promises'
import * as fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { withOrigin } from './actor.ts'
import { Context } from '../context/context.ts'
import { type Attributes, SeeEvent } from './event.ts'
import type { EventRecord, HandlerRun } from './event-record.ts'
import { recordingLogger } from '../testing/recording-logger.ts'

declare module './event.ts' {
  interface EventMap {
    test_a: Attributes
    test_b: Attributes
    test_c: Attributes
  }
}

class Bare extends Context {
  async cleanup(): Promise<void> {}
}

function bare() {
  const { logger, lines } = recordingLogger()
  const context = new Bare('an identifier', logger)
  const log: string[] = []
  const note = (what: string) => () => void log.push(what)
  const records: EventRecord[] = []
  const settled: HandlerRun[] = []
  const observe = () =>
    context.observe({
      eventHandled: (record) => void records.push(record),
      handlerEnded: (record, run) => {
        if (records.includes(record)) settled.push(run)
      },
    })
  return { context, lines, log, note, records, settled, observe }
}

describe('synchronous handlers', () => {
  test('run in the order in which they were subscribed, each awaited', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', async () => {
      log.push('1 begins')
      await sleep(5)
      log.push('1 ends')
    })
    context.subscribe('test_a', note('2'))
    context.subscribe('test_b', note('not this'))
    context.subscribe('test_a', async () => {
      await Promise.resolve()
      log.push('3')
    })
    await context.trigger('test_a')
    expect(log).toEqual(['1 begins', '1 ends', '2', '3'])
  })

  test('receive the event with its attributes', async () => {
    const { context } = bare()
    const events: SeeEvent[] = []
    context.subscribe('test_a', (event) => events.push(event))
    const made = SeeEvent.create('test_a', { made: true })
    await context.trigger('test_a', { value: 1 })
    await context.trigger(made)
    expect(events[0]).toMatchObject({ name: 'test_a', origin: 'environment', value: 1 })
    expect(events[1]).toBe(made)
  })

  test('subscribed twice run twice, and each subscription ends on its own', async () => {
    const { context, log, note } = bare()
    const handler = note('handled')
    const first = context.subscribe('test_a', handler)
    context.subscribe('test_a', handler)
    await context.trigger('test_a')
    expect(log).toHaveLength(2)
    expect(context.unsubscribe('test_a', handler)).toBe(true)
    // The oldest is gone already: this must not end the other.
    first[Symbol.dispose]()
    await context.trigger('test_a')
    expect(log).toHaveLength(3)
    expect(context.unsubscribe('test_a', handler)).toBe(true)
    expect(context.unsubscribe('test_a', handler)).toBe(false)
    await context.trigger('test_a')
    expect(log).toHaveLength(3)
  })

  test('subscribed with `using` end with the block', async () => {
    const { context, log, note } = bare()
    {
      using _ = context.subscribe('test_a', note('inside'))
      await context.trigger('test_a')
    }
    await context.trigger('test_a')
    expect(log).toEqual(['inside'])
  })

  test('subscribed during an event wait for the next one; unsubscribed, they no longer run', async () => {
    const { context, log, note } = bare()
    const late = note('late')
    context.subscribe('test_a', () => {
      log.push('first')
      context.subscribe('test_a', note('new'))
      expect(context.unsubscribe('test_a', late)).toBe(true)
    })
    context.subscribe('test_a', late)
    await context.trigger('test_a')
    expect(log).toEqual(['first'])
    context.subscribe('test_a', late)
    await context.trigger('test_a')
    expect(log).toEqual(['first', 'first', 'new'])
  })
})

describe('asynchronous handlers', () => {
  test('start immediately and do not hold trigger back', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', note('synchronous'))
    context.subscribeAsync('test_a', async () => {
      log.push('1 begins')
      await sleep(5)
      log.push('1 ends')
    })
    context.subscribeAsync('test_a', note('2'))
    await context.trigger('test_a')
    log.push('triggered')
    expect(context.running).toEqual(['environment.anonymous'])
    await context.settled()
    expect(context.running).toEqual([])
    expect(log).toEqual(['1 begins', '2', 'synchronous', 'triggered', '1 ends'])
  })

  test('unsubscribed by another asynchronous handler of the same event do not start', async () => {
    const { context, log, note } = bare()
    const second = note('second')
    context.subscribeAsync('test_a', () => void context.unsubscribe('test_a', second))
    context.subscribeAsync('test_a', second)
    await context.trigger('test_a')
    expect(log).toEqual([])
  })

  test('fire into the queue, not into what is going on', async () => {
    const { context, log, note } = bare()
    context.subscribeAsync('test_a', async () => {
      log.push('asynchronous')
      await context.trigger('test_b')
      log.push('asynchronous ends')
    })
    context.subscribe('test_a', async () => {
      await sleep(5)
      log.push('synchronous')
    })
    context.subscribe('test_b', note('b'))
    await context.trigger('test_a')
    await context.settled()
    expect(log).toEqual(['asynchronous', 'synchronous', 'b', 'asynchronous ends'])
  })

  test('started inside a nested event do not belong to the handler that fired it', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', async () => {
      await context.trigger('test_b')
      await sleep(5)
      log.push('a ends')
    })
    context.subscribeAsync('test_b', () => context.trigger('test_c'))
    context.subscribe('test_c', note('c'))
    await context.trigger('test_a')
    await context.settled()
    expect(log).toEqual(['a ends', 'c'])
  })
})

describe('triggers', () => {
  test('of concurrent callers run one after the other, in the order in which they were called', async () => {
    const { context, log } = bare()
    context.subscribe('test_a', async (event) => {
      log.push(`${String(event['of'])} begins`)
      await sleep(event['of'] === 1 ? 10 : 0)
      log.push(`${String(event['of'])} ends`)
    })
    await Promise.all([1, 2, 3].map((of) => context.trigger('test_a', { of })))
    expect(log).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'])
  })

  test('from inside a synchronous handler run inside it', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', async () => {
      log.push('a begins')
      await context.trigger('test_b')
      log.push('a ends')
    })
    context.subscribe('test_b', async () => {
      await sleep(1)
      await context.trigger('test_c')
      log.push('b')
    })
    context.subscribe('test_c', note('c'))
    await context.trigger('test_a')
    expect(log).toEqual(['a begins', 'c', 'b', 'a ends'])
  })

  test('that a synchronous handler does not await are over before the next handler goes on', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', () => {
      void context.trigger('test_b')
      log.push('a')
    })
    context.subscribe('test_a', note('next'))
    context.subscribe('test_b', async () => {
      await sleep(5)
      void context.trigger('test_c')
    })
    context.subscribe('test_c', async () => {
      await sleep(5)
      log.push('c')
    })
    await context.trigger('test_a')
    expect(log).toEqual(['a', 'c', 'next'])
  })

  test('that a handler left behind when it threw are over before the next goes on', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', () => {
      void context.trigger('test_b')
      throw new Error('thrown')
    })
    context.subscribe('test_a', note('next'))
    context.subscribe('test_b', async () => {
      await sleep(5)
      log.push('b')
    })
    await context.trigger('test_a')
    expect(log).toEqual(['b', 'next'])
  })

  test('that one handler fires at the same time do not overlap', async () => {
    const { context, log } = bare()
    context.subscribe('test_a', async () => {
      await Promise.all([
        context.trigger('test_b', { of: 1 }),
        context.trigger('test_b', { of: 2 }),
        context.trigger('test_b', { of: 3 }),
      ])
    })
    context.subscribe('test_b', async (event) => {
      log.push(`${String(event['of'])} begins`)
      await sleep(2)
      log.push(`${String(event['of'])} ends`)
    })
    await context.trigger('test_a')
    expect(log).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends'])
  })

  test('from a timer that a handler left behind are queued, even while the next handler runs', async () => {
    const { context, log, note } = bare()
    const timers: Promise<void>[] = []
    context.subscribe('test_a', () => {
      timers.push(sleep(5).then(() => context.trigger('test_b')))
    })
    context.subscribe('test_a', async () => {
      await sleep(20)
      log.push('a ends')
    })
    context.subscribe('test_b', note('b'))
    await context.trigger('test_a')
    await Promise.all(timers)
    expect(log).toEqual(['a ends', 'b'])
  })

  test('from a timer that its handler waits for run inside it', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', async () => {
      await new Promise<void>((resolve) => {
        setTimeout(() => void context.trigger('test_b').then(resolve), 1)
      })
      log.push('a ends')
    })
    context.subscribe('test_b', note('b'))
    await context.trigger('test_a')
    expect(log).toEqual(['b', 'a ends'])
  })

  test('that go to another context and come back run inside', async () => {
    const { context, log, note } = bare()
    const { context: other } = bare()
    context.subscribe('test_a', () => other.trigger('test_b'))
    other.subscribe('test_b', () => context.trigger('test_c'))
    context.subscribe('test_c', () => other.trigger('test_a'))
    other.subscribe('test_a', note('inside'))
    await context.trigger('test_a')
    expect(log).toEqual(['inside'])
  })

  test('reject, and throw nothing, when an attribute is reserved; the next one works', async () => {
    const { context, log, note } = bare()
    context.subscribe('test_a', note('handled'))
    const attributes = JSON.parse('{"name": "x"}') as Attributes
    await expect(context.trigger('test_a', attributes)).rejects.toMatchObject({
      code: 'EVENT_RESERVED_ATTRIBUTE',
    })
    await context.trigger('test_a')
    expect(log).toEqual(['handled'])
  })

  test('reject once the context is closed, those that waited too', async () => {
    const { context, log } = bare()
    context.subscribe('test_a', async () => {
      log.push('handled')
      await sleep(5)
    })
    const first = context.trigger('test_a')
    const waiting = context.trigger('test_a')
    context.close()
    await first
    await expect(waiting).rejects.toMatchObject({ code: 'CONTEXT_CLOSED' })
    await expect(context.trigger('test_a')).rejects.toThrow(/"test_a".*an identifier/)
    expect(log).toEqual(['handled'])
  })

  test('count as settled only when all is over', async () => {
    const { context, log } = bare()
    context.subscribeAsync('test_a', () => void context.trigger('test_b'))
    context.subscribe('test_b', async () => {
      await sleep(5)
      log.push('b')
    })
    await context.trigger('test_a')
    await context.settled()
    expect(log).toEqual(['b'])
  })
})

describe('a handler that throws', () => {
  const unprintable: unknown = Object.create(null)
  test.each([
    ['an error', new Error('boom')],
    ['undefined', undefined],
    ['a string', 'boom'],
    ['what cannot be printed', unprintable],
  ])('%s is on record and logged, the others run and trigger resolves', async (_what, thrown) => {
    const { context, lines, log, note } = bare()
    context.subscribe('test_a', function throws() {
      throw thrown
    })
    context.subscribe('test_a', function rejects() {
      return Promise.reject(thrown)
    })
    context.subscribe('test_a', note('last'))
    context.subscribeAsync('test_a', function throwsAsync() {
      throw thrown
    })
    context.subscribeAsync('test_a', async function rejectsAsync() {
      await Promise.resolve()
      throw thrown
    })
    await context.trigger('test_a')
    await context.settled()
    expect(log).toEqual(['last'])
    expect(context.failures.map(({ handler }) => handler).toSorted()).toEqual([
      'environment.rejects',
      'environment.rejectsAsync',
      'environment.throws',
      'environment.throwsAsync',
    ])
    for (const failure of context.failures) {
      expect(failure.event).toBe('test_a')
      expect(Object.is(failure.error, thrown)).toBe(true)
    }
    expect(lines.filter(({ level, event }) => level === 50 && event === 'test_a')).toHaveLength(4)
    // The context is not stuck.
    await context.trigger('test_a')
    expect(log).toEqual(['last', 'last'])
  })
})

test('an event has its number once it is fired, and none before', async () => {
  const { context } = bare()
  const numbers: (number | undefined)[] = []
  context.subscribe('test_b', (event) => void numbers.push(SeeEvent.sequenceOf(event)))
  const made = SeeEvent.create('test_b')
  expect(SeeEvent.sequenceOf(made)).toBeUndefined()
  await context.trigger('test_a')
  await context.trigger(made)
  await context.trigger('test_b')
  expect(numbers).toEqual([2, 3])
})

describe('an observer', () => {
  test('gets every event: sequence, parent, handlers, durations and errors', async () => {
    const { context, records, settled, observe } = bare()
    observe()
    const error = new Error('boom')
    context.subscribe('test_a', async function outer() {
      await sleep(5)
      await context.trigger('test_b')
    })
    context.subscribe('test_b', function fails() {
      throw error
    })
    context.subscribeAsync('test_b', async function slow() {
      await sleep(5)
    })
    context.subscribeAsync('test_b', function quick() {})
    await context.trigger('test_a', { value: 1 })
    const [b, a] = records
    expect(records).toHaveLength(2)
    expect(a).toMatchObject({ sequence: 1, event: { name: 'test_a', value: 1 } })
    expect(a).not.toHaveProperty('parent')
    expect(b).toMatchObject({ sequence: 2, parent: 1, event: { name: 'test_b' } })
    expect(a?.handlers).toMatchObject([{ handler: 'environment.outer', asynchronous: false }])
    expect(a?.handlers[0]?.durationMs).toBeGreaterThanOrEqual(4)
    expect(a?.handlers[0]).not.toHaveProperty('error')
    const [slow, quick, fails] = b?.handlers ?? []
    expect(fails).toMatchObject({ handler: 'environment.fails', error })
    expect(fails?.durationMs).toBeGreaterThanOrEqual(0)
    // Each handler is reported once: with the event if it was over by then, else when it is.
    expect(quick?.durationMs).toBeGreaterThanOrEqual(0)
    expect(slow).not.toHaveProperty('durationMs')
    expect(settled).toEqual([])
    await context.settled()
    expect(settled).toEqual([slow])
    expect(slow?.durationMs).toBeGreaterThanOrEqual(4)
    expect(slow).not.toHaveProperty('error')
  })

  test('gets an asynchronous handler only after the event itself', async () => {
    const { context, settled, records, observe } = bare()
    observe()
    context.subscribeAsync('test_a', async () => {
      await Promise.resolve()
    })
    context.subscribe('test_a', () => sleep(5))
    await context.trigger('test_a')
    await context.settled()
    expect(settled).toEqual([])
    expect(records[0]?.handlers.every(({ durationMs }) => durationMs !== undefined)).toBe(true)
  })

  test('follows an event from before its handlers to the end of the last, in the order of what happens', async () => {
    const { context } = bare()
    const seen: string[] = []
    context.observe({
      eventFired: ({ event, handlers }) => void seen.push(`${event} with ${handlers.length}`),
      handlerStarted: ({ event }, { handler }) => void seen.push(`${event}: ${handler} starts`),
      handlerEnded: ({ event }, { handler, durationMs }) =>
        void seen.push(`${event}: ${handler} ends ${durationMs === undefined}`),
      eventHandled: ({ event, handlers }) => void seen.push(`${event} handled by ${handlers.length}`),
    })
    context.subscribe('test_a', async function outer() {
      seen.push('outer')
      await context.trigger('test_b')
    })
    context.subscribe('test_a', function plain() {
      seen.push('plain')
    })
    context.subscribeAsync('test_a', async function late() {
      seen.push('late')
      await sleep(10)
    })
    await context.trigger('test_a')
    await context.settled()
    expect(seen).toEqual([
      'test_a with 0',
      'test_a: environment.late starts',
      'late',
      'test_a: environment.outer starts',
      'outer',
      'test_b with 0',
      'test_b handled by 0',
      'test_a: environment.outer ends false',
      'test_a: environment.plain starts',
      'plain',
      'test_a: environment.plain ends false',
      'test_a handled by 3',
      'test_a: environment.late ends false',
    ])
  })

  test('sees that undefined was thrown', async () => {
    const { context, records, observe } = bare()
    observe()
    context.subscribe('test_a', () => Promise.reject(undefined))
    await context.trigger('test_a')
    expect(records[0]?.handlers[0]).toHaveProperty('error', undefined)
  })

  test('gets events without handlers, and none after it was disposed of', async () => {
    const { context, records, observe } = bare()
    const observation = observe()
    await context.trigger('test_a')
    observation[Symbol.dispose]()
    await context.trigger('test_a')
    expect(records.map(({ sequence }) => sequence)).toEqual([1])
  })

  test('that throws is logged and holds nothing up', async () => {
    const { context, lines, records, observe } = bare()
    context.observe({
      eventHandled() {
        throw new Error('observer')
      },
    })
    observe()
    await context.trigger('test_a')
    await context.trigger('test_a')
    expect(records).toHaveLength(2)
    expect(lines.filter(({ msg }) => String(msg).includes('observer'))).toHaveLength(2)
  })
})

describe('the origin of an event', () => {
  test('is the subscriber of the handler that fires it', async () => {
    const { context } = bare()
    const origins: string[] = []
    context.subscribe('test_c', (event) => origins.push(event.origin))
    withOrigin('synchronous', () => context.subscribe('test_a', () => context.trigger('test_c')))
    withOrigin('asynchronous', () => {
      context.subscribeAsync('test_a', async () => {
        await sleep(5)
        await context.trigger('test_c')
      })
    })
    const timers: Promise<void>[] = []
    withOrigin('timer', () => {
      context.subscribe('test_a', () => {
        timers.push(sleep(5).then(() => context.trigger('test_c')))
      })
    })
    await context.trigger('test_a')
    await Promise.all(timers)
    await context.settled()
    expect(origins.toSorted()).toEqual(['asynchronous', 'synchronous', 'timer'])
  })
})

interface Step {
  readonly event: 0 | 1 | 2
  readonly awaited: boolean
  readonly pause: boolean
}
interface Program {
  readonly handlers: readonly { on: 0 | 1 | 2; asynchronous: boolean; steps: readonly Step[] }[]
  readonly triggers: readonly (0 | 1 | 2)[]
}

const names = ['test_a', 'test_b', 'test_c'] as const

const programs: fc.Arbitrary<Program> = fc.record({
  handlers: fc.array(
    fc.record({
      on: fc.constantFrom(0, 1, 2),
      asynchronous: fc.boolean(),
      steps: fc.array(
        fc.record({ event: fc.constantFrom(0, 1, 2), awaited: fc.boolean(), pause: fc.boolean() }),
        { maxLength: 3 },
      ),
    }),
    { maxLength: 6 },
  ),
  triggers: fc.array(fc.constantFrom(0, 1, 2), { minLength: 1, maxLength: 4 }),
})

test('whatever handlers fire: one at a time, in order, each exactly once', async () => {
  await fc.assert(
    fc.asyncProperty(programs, async ({ handlers, triggers }) => {
      const { context, records, observe } = bare()
      observe()
      const fired: string[] = []
      const fire = (event: 0 | 1 | 2, inside: readonly object[]) => {
        fired.push(names[event])
        return context.trigger(names[event], { inside })
      }
      /** The synchronous handlers that are running. */
      const running = new Set<object>()
      for (const { on, asynchronous, steps } of handlers) {
        const handler = async ({ inside }: { readonly inside: readonly object[] }) => {
          const me = {}
          // Alone, but for the handlers from inside which its event was fired.
          if (!asynchronous) for (const other of running) expect(inside).toContain(other)
          if (!asynchronous) running.add(me)
          for (const { event, awaited, pause } of steps) {
            if (pause) await sleep(0)
            // Events fire only later ones, or it would never end.
            if (event <= on) continue
            const handled = fire(event, asynchronous ? [] : [...inside, me])
            if (awaited) await handled
          }
          running.delete(me)
        }
        const subscribed: (event: SeeEvent & { readonly inside?: unknown }) => Promise<void> = (event) =>
          handler(event as unknown as { inside: readonly object[] })
        if (asynchronous) context.subscribeAsync(names[on], subscribed)
        else context.subscribe(names[on], subscribed)
      }
      await Promise.all(triggers.map((event) => fire(event, [])))
      await context.settled()
      expect(context.failures).toEqual([])
      expect(running.size).toBe(0)
      expect(records.map(({ event }) => event.name).toSorted()).toEqual(fired.toSorted())
      expect(records.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
        fired.map((_, index) => index + 1),
      )
      const perEvent = (name: string) => handlers.filter(({ on }) => names[on] === name).length
      for (const { event, handlers: runs, sequence, parent } of records) {
        expect(runs).toHaveLength(perEvent(event.name))
        if (parent !== undefined) expect(parent).toBeLessThan(sequence)
      }
      const outermost = records.filter(({ parent }) => parent === undefined)
      expect(outermost.map(({ sequence }) => sequence)).toEqual(
        outermost.map(({ sequence }) => sequence).toSorted((a, b) => a - b),
      )
    }),
    { numRuns: 150 },
  )
})
