import { execFile } from 'node:child_process'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'

async function allocate(timers: Record<string, number>) {
  const environment = await Environment.allocate(simulatedFactory(), {
    hooks: [{ name: '@see/hooks#TimersHook', configuration: { timers } }],
  })
  const events: { name: string; origin: string }[] = []
  environment.context.observe({
    eventHandled: ({ event }) => {
      if (event.name.startsWith('timer_')) events.push({ name: event.name, origin: event.origin })
    },
  })
  return { environment, context: environment.context, events }
}

test('fires each event its time after power-on, in the name of the hook', async () => {
  const { environment, context, events } = await allocate({ timer_second: 0.15, timer_first: 0.05 })
  await using _ = environment
  await sleep(200)
  expect(events).toEqual([])
  await context.poweron()
  const origin = '@see/hooks#TimersHook'
  await expect
    .poll(() => events)
    .toEqual([
      { name: 'timer_first', origin },
      { name: 'timer_second', origin },
    ])
  expect(context.failures).toEqual([])
})

test.each(['poweroff', 'shutdown'] as const)('is stopped by %s and set again by power-on', async (end) => {
  const { environment, context, events } = await allocate({ timer_x: 0.1 })
  await using _ = environment
  await context.poweron()
  await context[end]()
  await sleep(200)
  expect(events).toEqual([])
  await context.poweron()
  await expect.poll(() => events.length).toBe(1)
})

test('is given up when the guest ends on its own, which is a warning for each event', async () => {
  const { environment, context, events } = await allocate({ timer_x: 0.1, timer_y: 0.1 })
  await using _ = environment
  await context.poweron()
  const { guest } = context.resources
  guest?.ended({ reason: 'powered_off', detail: 'it is off', exitCode: 0, signal: null })
  await sleep(200)
  expect(events).toEqual([])
  expect(context.warnings).toMatchObject([
    { code: 'TIMER_UNFIRED', what: expect.stringContaining('timer_x') },
    { code: 'TIMER_UNFIRED', what: expect.stringContaining('timer_y') },
  ])
})

test('fires nothing after deallocation', async () => {
  const { environment, context, events } = await allocate({ timer_x: 0.1 })
  await context.poweron()
  await environment.deallocate()
  await sleep(200)
  expect(events).toEqual([])
})

const ALLOCATED_AND_DEALLOCATED = `
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
const timers = { timer_x: 3600 }
const environment = await Environment.allocate(simulatedFactory(), {
  hooks: [{ name: '@see/hooks#TimersHook', configuration: { timers } }],
})
await environment.context.poweron()
await environment.deallocate()
process.stdout.write('deallocated')
`

test('lets its process end after deallocation', async () => {
  const argv = ['--input-type=module', '--eval', ALLOCATED_AND_DEALLOCATED]
  const { stdout } = await promisify(execFile)(process.execPath, argv, {
    cwd: import.meta.dirname,
    timeout: 60_000,
    killSignal: 'SIGKILL',
  })
  expect(stdout).toBe('deallocated')
}, 70_000)

test.each([[{ timer_x: -1 }], [{ timer_x: '5' }], [{ 'two words': 1 }], [{ timer_x: 1e9 }]])(
  'refuses the timers %j',
  async (timers) => {
    const hooks = { hooks: [{ name: '@see/hooks#TimersHook', configuration: { timers } }] }
    await expect(Environment.allocate(simulatedFactory(), hooks)).rejects.toMatchObject({
      code: 'CONFIGURATION_INVALID',
    })
  },
)
