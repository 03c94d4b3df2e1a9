import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { type ContextFactory, Environment, type SeeErrorCode } from '@see/core'
import * as hooks from '@see/hooks'
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest'
import { BWRAP, expected } from './support/early-failures.ts'
import { sandboxes, simulated } from './support/sandboxes.ts'
import { abilities } from '@see/core/testing'
import { withoutNamespaces, withoutPrograms } from './support/without-programs.ts'

const allocate = fileURLToPath(new URL('dist/support/allocate.js', import.meta.url))
const RULES = 'rule every { condition: true }'

let folder = ''
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'see-early-'))
  await writeFile(join(folder, 'rules.yar'), RULES)
  await writeFile(join(folder, 'broken.yar'), 'rule {')
  await writeFile(join(folder, 'program'), '#!/bin/sh\n', { mode: 0o755 })
})
beforeEach(() => void sandboxes())
afterAll(() => rm(folder, { recursive: true }))

const stock = Object.entries(hooks).flatMap(([name, value]) =>
  'schema' in value ? [{ name, schema: value.schema }] : [],
)

test('every hook that is exported has an entry', () => {
  expect(Object.keys(expected).toSorted()).toEqual(stock.map(({ name }) => name).toSorted())
  expect(stock.length).toBe(Object.keys(hooks).filter((name) => /Hook$|Analyser$/.test(name)).length)
})

/** A hooks file with one hook, whose entry is in line 3. */
async function hooksFile(name: string, configuration: object): Promise<string> {
  const path = join(folder, `${name}-hooks.json`)
  const entry = JSON.stringify({ name: `@see/hooks#${name}`, configuration })
  await writeFile(path, `{\n"hooks": [\n${entry.replaceAll('FOLDER', folder)}\n]\n}`)
  return path
}

function configured(name: string, configuration = expected[name]?.configuration ?? {}): object {
  const { schema } = stock.find((hook) => hook.name === name) ?? {}
  const results = Object.hasOwn(schema?.shape ?? {}, 'results_folder')
    ? { results_folder: 'FOLDER/results' }
    : {}
  return { ...results, ...configuration }
}

async function failureOf(file: string, factory: ContextFactory = simulated()): Promise<unknown> {
  try {
    await using environment = await Environment.allocate(factory, file)
    return environment
  } catch (error) {
    return error
  }
}

const PLACE = String.raw`-hooks\.json:3:\d+: `

function inFolder(message: RegExp): RegExp {
  return new RegExp(message.source.replaceAll('FOLDER', () => folder))
}

/** A hook that cannot be set up: its entry is named, the sandbox is gone, and nothing was powered on. */
function expectSetUpFailed(error: unknown, name: string, code: SeeErrorCode, message: RegExp): void {
  expect(error).toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code, message: expect.stringMatching(inFolder(message)) },
  })
  expect(error).toHaveProperty(
    'message',
    expect.stringMatching(`^.*${PLACE}hook @see/hooks#${name} cannot be set up: `),
  )
  expect(sandboxes()).toEqual({ made: 1, allocated: 0, powerOns: 0 })
}

const names = Object.keys(expected)

test.each(names)('%s can be set up as these tests configure it', async (name) => {
  const environment = await failureOf(await hooksFile(name, configured(name)))
  expect(environment).toBeInstanceOf(Environment)
  expect(sandboxes()).toEqual({ made: 1, allocated: 0, powerOns: 0 })
})

const refused = names.flatMap((name) =>
  [...(expected[name]?.refused ?? []), ['no_such_key', 1] as const].map(([key, value]) => ({
    name,
    key,
    value,
  })),
)

test.each(refused)('$name refuses $key: $value before anything is made', async ({ name, key, value }) => {
  const error = await failureOf(await hooksFile(name, { ...configured(name), [key]: value }))
  expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', message: expect.stringMatching(PLACE) })
  expect(error).toHaveProperty('message', expect.stringContaining(key))
  expect(sandboxes().made).toBe(0)
})

const required = stock.flatMap(({ name, schema }) =>
  Object.entries(schema.shape)
    .filter(([, value]) => !value.safeParse(undefined).success)
    .map(([key]) => ({ name, key })),
)

test.each(required)('$name refuses to be without $key', async ({ name, key }) => {
  const { [key]: _, ...rest } = configured(name) as Record<string, unknown>
  const error = await failureOf(await hooksFile(name, rest))
  expect(error).toMatchObject({ code: 'CONFIGURATION_INVALID', message: expect.stringMatching(PLACE) })
  expect(error).toHaveProperty('message', expect.stringContaining(`"hooks.0.configuration.${key}"`))
  expect(sandboxes().made).toBe(0)
})

test.each(required.filter(({ key }) => key === 'results_folder'))(
  '$name refuses a results folder that cannot be made',
  async ({ name }) => {
    const file = await hooksFile(name, { ...configured(name), results_folder: 'FOLDER/rules.yar/results' })
    expectSetUpFailed(await failureOf(file), name, 'RESULTS_UNWRITABLE', /FOLDER\/rules\.yar\/results/)
  },
)

const unusable = names.flatMap((name) =>
  (expected[name]?.unusable ?? []).map((each) => [name, ...each] as const),
)

test.each(unusable)('%s with %j cannot be set up: %s', async (name, configuration, code, message) => {
  expectSetUpFailed(
    await failureOf(await hooksFile(name, configured(name, configuration))),
    name,
    code,
    message,
  )
})

const lacking = names.flatMap((name) => {
  const { lacking: message } = expected[name] ?? {}
  return message === undefined ? [] : [[name, message] as const]
})

test.each(lacking)('%s refuses a provider that lacks what it needs', async (name, message) => {
  const error = await failureOf(await hooksFile(name, configured(name)), simulated(...abilities))
  expectSetUpFailed(error, name, 'ABILITY_MISSING', message)
})

const others = names.filter((name) => expected[name]?.lacking === undefined)

test.each(others)('%s is set up whatever the provider can do', async (name) => {
  const environment = await failureOf(await hooksFile(name, configured(name)), simulated(...abilities))
  expect(environment).toBeInstanceOf(Environment)
  expect(sandboxes()).toEqual({ made: 1, allocated: 0, powerOns: 0 })
})

const tools = names.flatMap((name) => expected[name]?.tools ?? [])
/** Each tool with its package, and the hooks that run it. */
const users = Array.from(new Map(tools), ([program, debianPackage]) => ({
  program,
  debianPackage,
  hooks: names.filter((name) => expected[name]?.tools?.some(([tool]) => tool === program) === true),
}))

/** The command that says what becomes of these hooks, each alone, as these tests configure them. */
async function allocating(...hooksOf: readonly string[]): Promise<string[]> {
  const files: string[] = []
  for (const name of hooksOf) files.push(await hooksFile(name, configured(name)))
  return [process.execPath, allocate, ...files]
}

test('each hook that runs tools is set up where they are', async () => {
  const hooksOf = [...new Set(users.flatMap((each) => each.hooks))]
  const [node = '', ...argv] = await allocating(...hooksOf)
  const { stdout } = await promisify(execFile)(node, argv)
  expect(JSON.parse(stdout)).toEqual(hooksOf.map(() => ({ allocated: 0, made: 1, powerOns: 0 })))
})

test.each(users)(
  'where $program is missing, $hooks ask to install $debianPackage',
  async ({ program, debianPackage, hooks: hooksOf }) => {
    const results: unknown = JSON.parse(await withoutPrograms([program], await allocating(...hooksOf)))
    expect(results).toEqual(
      hooksOf.map((name) => ({
        code: 'HOOK_SETUP',
        causeCode: 'TOOL_MISSING',
        message: expect.stringMatching(new RegExp(`/${name}${PLACE}.*apt-get install ${debianPackage}$`)),
        made: 1,
        allocated: 0,
        powerOns: 0,
      })),
    )
  },
)

test('each hook that confines says where nothing can be confined that it cannot', async () => {
  const confining = names.filter((name) => expected[name]?.tools?.includes(BWRAP) === true)
  const results: unknown = JSON.parse(await withoutNamespaces(await allocating(...confining)))
  expect(results).toEqual(
    confining.map((name) => ({
      code: 'HOOK_SETUP',
      causeCode: 'CONFINEMENT_FAILED',
      message: expect.stringMatching(`/${name}${PLACE}`),
      made: 1,
      allocated: 0,
      powerOns: 0,
    })),
  )
})

test('the viewer that is there by default is in a package', async () => {
  const argv = [process.execPath, allocate, await hooksFile('VNCHook', {})]
  expect(JSON.parse(await withoutPrograms(['vncviewer'], argv))).toMatchObject([
    {
      causeCode: 'TOOL_MISSING',
      message: expect.stringMatching(/apt-get install xtigervnc-viewer$/),
      powerOns: 0,
    },
  ])
})
