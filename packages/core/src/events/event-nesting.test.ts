import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Context } from '../context/context.ts'
import { Environment } from '../environment/environment.ts'
import { type ConfiguredEventName, eventNames } from './event-names.ts'
import { recordingLogger } from '../testing/recording-logger.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

class Bare extends Context {
  async cleanup(): Promise<void> {}
}

/** An event that nothing declares. */
function named(name: string): ConfiguredEventName {
  const [parsed] = eventNames.parse(name)
  if (parsed === undefined) throw new Error('unreachable')
  return parsed
}

const bare = (): Bare => new Bare('an identifier', recordingLogger().logger)

test('two contexts whose handlers fire each other’s events are ended as one is', async () => {
  const [one, other] = [bare(), bare()]
  let runs = 0
  one.subscribe(named('ping'), async function there() {
    runs++
    await other.trigger(named('pong'))
  })
  other.subscribe(named('pong'), async function back() {
    await one.trigger(named('ping'))
  })
  await one.trigger(named('ping'))
  expect(runs).toBe(25)
  const failures = [...one.failures, ...other.failures]
  expect(failures.every(({ error }) => error === failures[0]?.error)).toBe(true)
  expect(failures[0]).toMatchObject({
    handler: 'environment.back',
    error: { code: 'EVENT_LIMIT', message: expect.stringContaining('(ping → pong → ping)') },
  })
})

test('transitions whose handlers make the next one end as well, and the sandbox can be used again', async () => {
  await using environment = await Environment.allocate(simulatedFactory())
  const { context } = environment
  const again = context.subscribe('post_poweron', () => context.poweroff())
  const on = context.subscribe('post_poweroff', () => context.poweron())
  await context.poweron()
  expect(context.failures).toContainEqual(
    expect.objectContaining({ error: expect.objectContaining({ code: 'EVENT_LIMIT' }) }),
  )
  again[Symbol.dispose]()
  on[Symbol.dispose]()
  const failures = context.failures.length
  if ((await context.state()) === 'running') await context.poweroff()
  await context.poweron()
  expect(await context.state()).toBe('running')
  expect(context.failures).toHaveLength(failures)
})

test('what a timer fires, which a handler left behind, is not nested', async () => {
  const context = bare()
  let runs = 0
  const over = new Promise((resolve) => {
    context.subscribe(named('tick'), () => {
      if (++runs === 200) resolve(undefined)
      else setImmediate(() => void context.trigger(named('tick')))
    })
  })
  await context.trigger(named('tick'))
  await over
  expect(context.failures).toEqual([])
})

test('an event nested as deep as a hook may need it is nothing special', async () => {
  const context = bare()
  const log: number[] = []
  for (let depth = 0; depth < 50; depth++) {
    context.subscribe(named(`e${depth}`), async () => {
      log.push(depth)
      if (depth < 49) await context.trigger(named(`e${depth + 1}`))
    })
  }
  await context.trigger(named('e0'))
  expect(log).toHaveLength(50)
  expect(context.failures).toEqual([])
})

test('more events than ten thousand do not wait: they are refused, on record, and unhandled nowhere', async () => {
  const context = bare()
  const unhandled: unknown[] = []
  const hear = (error: unknown): void => void unhandled.push(error)
  process.on('unhandledRejection', hear)
  const held = new AbortController()
  context.subscribe(named('first'), () => once(held.signal, 'abort'))
  let heard = 0
  context.subscribe(named('next'), () => void heard++)
  const first = context.trigger(named('first'))
  for (let count = 0; count < 10_003; count++) void context.trigger(named('next'))
  await sleep(20)
  process.off('unhandledRejection', hear)
  held.abort()
  await first
  await context.settled()
  expect(heard).toBe(10_000)
  expect(unhandled).toEqual([])
  expect(context.failures).toHaveLength(3)
  expect(context.failures[0]).toMatchObject({
    event: 'next',
    handler: 'environment',
    error: { code: 'EVENT_LIMIT' },
  })
})

test('events that follow one another without end let timers run', async () => {
  const context = bare()
  let over = false
  context.subscribeAsync(named('again'), async () => {
    await Promise.resolve()
    if (!over) void context.trigger(named('again'))
  })
  await context.trigger(named('again'))
  await sleep(200)
  over = true
  await context.settled()
})

test('of failures a thousand are on record, and that there are more', async () => {
  const context = bare()
  context.subscribe(named('fails'), () => {
    throw new Error('again')
  })
  for (let count = 0; count < 1500; count++) await context.trigger(named('fails'))
  expect(context.failures).toHaveLength(1001)
  expect(context.failures.at(-1)).toMatchObject({
    error: { code: 'EVENT_LIMIT', message: expect.stringContaining('more handlers failed') },
  })
})
