import { expect, test } from 'vitest'
import { z } from 'zod'
import { declareEvents } from './declared-events.ts'
import { Environment } from '../environment/environment.ts'
import { eventNames } from './event-names.ts'
import { Hook } from '../hooks/hook.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

declare module './event.ts' {
  interface EventMap {
    download_over: Attributes
  }
}

const schema = z.object({
  act_on_event: eventNames.prefault('ip_adress').describe('…'),
  stop_on_event: eventNames.default([]).optional(),
  fire: eventNames.default([]),
  title: z.string().default(''),
})

class Acts extends Hook<typeof schema> {
  static override readonly schema = schema
  setup(): void {
    this.context.declareEvents(this.configuration.fire)
  }
}

async function warningsOf(...configurations: z.input<typeof schema>[]): Promise<(readonly string[])[]> {
  const hooks = configurations.map((configuration) => ({ hook: Acts, configuration }) as const)
  await using environment = await Environment.allocate(simulatedFactory(), { hooks })
  await environment.context.settled()
  return environment.context.warnings.map(({ code, what, why }) => [code, what, why])
}

test('an event that is named much as a declared one is warned of, with that one', async () => {
  const [why, other] = ['"act_on_event" names', '"stop_on_event" names']
  expect(
    await warningsOf({
      act_on_event: ['post_power_on', 'post_poweron'],
      stop_on_event: 'pre_puase',
      title: 'post_powerof',
    }),
  ).toEqual([
    [
      'EVENT_UNKNOWN',
      'what Acts does at the event "post_power_on"',
      expect.stringMatching(`^configuration: ${why}.*did you mean "post_poweron"\\?.*declareEvents$`),
    ],
    [
      'EVENT_UNKNOWN',
      'what Acts does at the event "pre_puase"',
      expect.stringMatching(`^configuration: ${other}.*did you mean "pre_pause"\\?`),
    ],
  ])
})

test('not of one that resembles none, nor of a default, for some code may fire it', async () => {
  expect(await warningsOf({ act_on_event: ['halfway', 'Q'], stop_on_event: [] }, {})).toEqual([])
})

test('not of one that is declared, by a module or by a hook that is configured with it', async () => {
  const configuration = { act_on_event: 'download_ovr' }
  expect(await warningsOf(configuration)).toEqual([])
  declareEvents('download_over')
  expect(await warningsOf({ act_on_event: 'download_over' })).toEqual([])
  expect(await warningsOf(configuration)).toMatchObject([
    ['EVENT_UNKNOWN', expect.anything(), expect.stringContaining('download_over')],
  ])
  expect(await warningsOf(configuration, { fire: 'download_ovr' })).toEqual([])
  expect(await warningsOf({ act_on_event: 'halfwya' }, { fire: 'halfway' })).toHaveLength(1)
  expect(await warningsOf({ act_on_event: 'halfwya' })).toEqual([])
})
