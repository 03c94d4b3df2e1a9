import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { z } from 'zod'
import { Environment } from '../environment/environment.ts'
import { Hook } from './hook.ts'
import { loadHooks } from './load-hooks.ts'
import { simulatedFactory } from '../testing/simulated-resources.ts'

const schema = z.object({ results_folder: z.string().default(''), act_on_event: z.string().default('') })
const anything = z.looseObject({})

class Knows extends Hook<typeof schema> {
  static override readonly schema = schema
  setup(): void {
    this.context.declareEvents([])
  }
}

class TakesAny extends Hook<typeof anything> {
  static override readonly schema = anything
  setup(): void {
    this.context.declareEvents([])
  }
}

const entry = { hook: Knows }
const misspelt = { result_folder: '/x', results_folder: '/y', act_on_evnet: 'x', other: 1 }

test('a key that is named much as one that a hook knows is warned of, with that one', async () => {
  await using environment = await Environment.allocate(simulatedFactory(), {
    configuration: misspelt,
    hooks: [entry],
  })
  expect(environment.context.warnings).toEqual([
    {
      code: 'KEY_UNKNOWN',
      what: 'what "result_folder" of the generic configuration asks for',
      why: 'configuration: no hook that is loaded knows this key, did you mean "results_folder"?',
      limits: 'docs/limits.md#key_unknown',
    },
    {
      code: 'KEY_UNKNOWN',
      what: 'what "act_on_evnet" of the generic configuration asks for',
      why: 'configuration: no hook that is loaded knows this key, did you mean "act_on_event"?',
      limits: 'docs/limits.md#key_unknown',
    },
  ])
})

test.each([
  ['a hook takes every key', [{ hooks: [entry, { hook: TakesAny }], configuration: misspelt }]],
  [
    'a hook that may know it could not be loaded',
    [{ hooks: [entry, { name: './missing.ts', optional: true }], configuration: misspelt }],
  ],
  [
    'it resembles none, or is of a hook that is not used',
    [{ hooks: [entry], configuration: { cat_on_evening: 1 } }],
  ],
  ['a hook of another file knows it', [{ configuration: { results_folder: '' } }, { hooks: [entry] }]],
])('not where %s', async (_why, sources) => {
  expect((await loadHooks(sources)).warnings).toEqual([])
})

test('its place in a file is said', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'see-keys-'))
  onTestFinished(() => rmSync(folder, { recursive: true }))
  const file = join(folder, 'hooks.json')
  writeFileSync(file, '{ "hooks": { "configuration": {\n "result_folder": "/x" }, "hooks": [] } }')
  const [warning] = (await loadHooks([file, { hooks: [entry] }])).warnings
  expect(warning?.why).toMatch(/hooks\.json:2:2: no hook that is loaded knows this key/)
})
