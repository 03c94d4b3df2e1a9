import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { SeeError } from '../common/errors.ts'
import { loadHooks } from './load-hooks.ts'

const module = `
import { z } from 'zod'
class Base { constructor(parameters: object) { Object.assign(this, parameters) } setup() {} }
export class Strict extends Base {
  static schema = z.strictObject({ results_folder: z.string().default('none'), limit: z.number().optional() })
}
export class Other extends Base { static schema = z.object({ verbose: z.boolean().default(false) }) }
export class Loose extends Base { static schema = z.looseObject({}) }
export class NoSetUp { static schema = z.object({}) }
export class NoSchema { setup() {} }
export const record = {}
export const list = []
export class WrongSchema extends Base { static schema = z.string() }
export const text = 'not a class'
export const arrow = () => undefined
export default Strict
`

let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-hooks-'))
  await writeFile(join(folder, 'hooks.ts'), module)
  await writeFile(join(folder, 'throwing.ts'), "throw new Error('thrown at import')")
  await writeFile(join(folder, 'malformed.ts'), 'export class {')
  await writeFile(join(folder, 'throwing.mjs'), "throw new Error('thrown at import')")
})
afterAll(() => rm(folder, { recursive: true, force: true }))

async function file(content: unknown): Promise<string> {
  const path = join(folder, 'hooks.json')
  await writeFile(path, typeof content === 'string' ? content : JSON.stringify(content, undefined, 1))
  return path
}

async function configurations(content: unknown): Promise<Record<string, unknown>[]> {
  const { hooks } = await loadHooks(await file(content))
  return hooks.map(({ configuration }) => configuration)
}

describe('the file', () => {
  const plain = {
    configuration: { results_folder: 'generic' },
    hooks: [{ name: './hooks.ts#Strict', configuration: { limit: 1 } }, { name: './hooks.ts' }],
  }

  test.each([
    ['plain', plain],
    ['wrapped once more', { hooks: plain }],
  ])('is understood %s', async (_how, content) => {
    expect(await configurations(content)).toEqual([
      { results_folder: 'generic', limit: 1 },
      { results_folder: 'generic' },
    ])
  })

  test('names modules relative to itself', async () => {
    await mkdir(join(folder, 'deeper'), { recursive: true })
    const path = join(folder, 'deeper', 'hooks.json')
    await writeFile(path, JSON.stringify({ hooks: [{ name: '../hooks.ts#Other' }] }))
    const { hooks } = await loadHooks(path)
    expect(hooks[0]?.configuration).toEqual({ verbose: false })
  })

  test('keeps the order, and takes a hook twice', async () => {
    const names = ['./hooks.ts#Other', './hooks.ts#Strict', './hooks.ts#Other']
    const { hooks } = await loadHooks(await file({ hooks: names.map((name) => ({ name })) }))
    expect(hooks.map(({ name }) => name)).toEqual(names)
  })

  test('may be empty of hooks', async () => {
    expect(await loadHooks(await file({ hooks: [] }))).toEqual({ hooks: [], missing: [], warnings: [] })
  })

  test.each([
    ['{\n "hook": []}', ':2:2: unknown key "hook"'],
    ['{\n "hooks": [\n  {"nam": "x"}]}', ':3:3: "hooks.0.name" is missing'],
    ['{\n "hooks": [\n  {"name": ""}]}', ':3:4: "hooks.0.name": '],
    ['{\n "hooks": [\n  {"name": "x", "optional": "yes"}]}', ':3:17: "hooks.0.optional": '],
    ['{"hooks": {"hooks": [\n {}]}}', ':2:2: "hooks.hooks.0.name" is missing'],
    ['{"hooks": [\n', ':2:1: malformed JSON: '],
    ['[]', ':1:1: '],
  ])('of %j is refused, with the place', async (text, expected) => {
    const path = await file(text)
    await expect(loadHooks(path)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
    await expect(loadHooks(path)).rejects.toThrow(`${path}${expected}`)
  })
})

describe('what hooks are configured with', () => {
  test('is the specific over the generic', async () => {
    const name = './hooks.ts#Strict'
    const configuration = { results_folder: 'generic', limit: 1 }
    const hooks = [{ name, configuration: { results_folder: 'specific' } }, { name }]
    expect(await configurations({ configuration, hooks })).toEqual([
      { results_folder: 'specific', limit: 1 },
      { results_folder: 'generic', limit: 1 },
    ])
  })

  test('of the generic is only what the hook knows', async () => {
    const configuration = { results_folder: 'generic', verbose: true, unheard_of: 1, toString: 'x' }
    const hooks = [{ name: './hooks.ts#Strict' }, { name: './hooks.ts#Other' }, { name: './hooks.ts#Loose' }]
    expect(await configurations({ configuration, hooks })).toEqual([
      { results_folder: 'generic' },
      { verbose: true },
      configuration,
    ])
  })

  test.each(['result_folder', 'toString', 'constructor'])(
    'of the specific must be known: %s is not',
    async (key) => {
      const text = `{"hooks": [\n {"name": "./hooks.ts#Other",\n  "configuration": {\n   "${key}": 1}}]}`
      const path = await file(text)
      await expect(loadHooks(path)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
      await expect(loadHooks(path)).rejects.toThrow(`${path}:4:4: unknown key "${key}" (known: verbose)`)
    },
  )

  test('may have bounds, each hook its own over the generic ones, which are not passed to it', async () => {
    const generic = { handler_timeout: 7, setup_timeout: 2 }
    const own = { handler_timeout: 0.5, cleanup_timeout: 3 }
    const name = join(folder, 'hooks.ts#Loose')
    const { hooks, warnings } = await loadHooks({
      configuration: generic,
      hooks: [{ name, configuration: own }, { name }],
    })
    expect(warnings).toEqual([])
    expect(hooks.map(({ bounds, configuration }) => [bounds, configuration])).toEqual([
      [{ setupTimeoutMs: 2000, eachHandlerTimeoutMs: 500, cleanupTimeoutMs: 3000 }, {}],
      [{ setupTimeoutMs: 2000, eachHandlerTimeoutMs: 7000 }, {}],
    ])
    const misspelt = {
      hooks: [{ name: join(folder, 'hooks.ts#Other'), configuration: { handler_timout: 1 } }],
    }
    await expect(loadHooks(misspelt)).rejects.toThrow(/"handler_timout", did you mean "handler_timeout"/)
    const wrong = { hooks: [{ name, configuration: { setup_timeout: 0 } }] }
    await expect(loadHooks(wrong)).rejects.toThrow(/"hooks.0.configuration.setup_timeout"/)
  })

  test('must fit the schema', async () => {
    const configuration = { limit: 'much' }
    const path = await file({ hooks: [{ name: './hooks.ts#Strict', configuration }] })
    await expect(loadHooks(path)).rejects.toThrow(`${path}:6:5: "hooks.0.configuration.limit": `)
  })

  test('is the hook’s own: the object given is never changed, nor seen by another hook', async () => {
    const name = join(folder, 'hooks.ts#Loose')
    const given = {
      configuration: { list: ['generic'] },
      hooks: [{ name, configuration: { own: { list: ['specific'] } } }, { name }],
    }
    const before = structuredClone(given)
    const { hooks } = await loadHooks(given)
    const [first, second] = hooks.map(({ configuration }) => configuration) as {
      list: string[]
      own?: { list: string[] }
    }[]
    first?.list.push('changed')
    first?.own?.list.push('changed')
    expect(given).toEqual(before)
    expect(second).toEqual({ list: ['generic'] })
    expect((await loadHooks(given)).hooks[0]?.configuration).toEqual({
      list: ['generic'],
      own: { list: ['specific'] },
    })
  })
})

describe('a hook that cannot be loaded', () => {
  test.each([
    ['./missing.ts#Hook', /missing\.ts/],
    ['no-such-package#Hook', /no-such-package/],
    ['./hooks.ts#Missing', /no export "Missing" \(it has: .*Strict/],
    ['./throwing.ts#Hook', /thrown at import/],
    ['./throwing.mjs#Hook', /thrown at import/],
    ['./malformed.ts#Hook', /malformed\.ts/],
    ['./hooks.ts#text', /is not a hook: it is a string, not a class/],
    ['./hooks.ts#record', /is not a hook: it is an object, not a class/],
    ['./hooks.ts#list', /is not a hook: it is a list, not a class/],
    ['./hooks.ts#arrow', /is not a hook: it is a function, not a class/],
    ['./hooks.ts#NoSetUp', /neither extends Hook of @see\/core nor has a method setup/],
    ['@see/core#Environment', /neither extends Hook of @see\/core nor has a method setup/],
    ['@see/core#Hook', /neither extends Hook of @see\/core nor has a method setup/],
    ['./hooks.ts#NoSchema', /is not a hook: its class has no static schema/],
    ['./hooks.ts#WrongSchema', /is not a hook: its static schema is not a z.object/],
  ])('%s is an error naming file, entry and reason', async (name, reason) => {
    const path = await file({ hooks: [{ name: './hooks.ts' }, { name }] })
    const error = (await loadHooks(path).catch((thrown: unknown) => thrown)) as SeeError
    expect(error.code).toBe('HOOK_LOAD')
    expect(error.message).toContain(`${path}:7:4: `)
    expect(error.message).toContain(name)
    expect(error.message).toMatch(reason)
  })

  test('is left out when it is optional', async () => {
    const entries = [
      { name: './missing.ts#Hook', optional: true },
      { name: './hooks.ts#Other', optional: true },
    ]
    const { hooks, missing } = await loadHooks(await file({ hooks: entries }))
    expect(hooks.map(({ name }) => name)).toEqual(['./hooks.ts#Other'])
    expect(missing).toMatchObject([{ name: './missing.ts#Hook', error: { code: 'HOOK_LOAD' } }])
  })
})
