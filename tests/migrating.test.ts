import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as core from '@see/core'
import { Environment, hookAliases, providerAliases } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import * as hooks from '@see/hooks'
import { expect, test } from 'vitest'
import { blocks, root } from './support/documents.ts'
import { EVENTS, HOOK_KEYS, PROVIDER_KEYS, RESOURCE_KEYS } from './support/reference-keys.ts'
import { temporaryFolder } from './support/temporary-folder.ts'
import { tinyGuest } from './support/tiny-guest.ts'

const GUEST_MS = 120_000
const DOCUMENT = 'docs/migrating.md'
const rows = readFileSync(join(root, DOCUMENT), 'utf8')
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** The names in code of a cell of the table. */
function coded(cell = ''): string[] {
  return Array.from(cell.matchAll(/`([^`]+)`/g), ([, name = '']) => name)
}

const named = (first: string, key: string): boolean =>
  rows.some((cells) => cells[1] === first && coded(cells[2]).includes(key))
const mentioned = (key: string): boolean => rows.some((cells) => coded(cells[1]).includes(key))

const keysOf = (map: Record<string, readonly string[]>) =>
  Object.entries(map).flatMap(([name, keys]) => keys.map((key) => [name, key] as const))

const shortAliases = [...hookAliases].filter(([alias]) => !alias.startsWith('see.plugins.'))

test.each([...shortAliases, ...[...providerAliases.keys()].map((alias) => [alias, ''] as const)])(
  'the table has the name %s',
  (alias, here) => {
    const there = rows.filter((cells) => coded(cells[1]).includes(alias))
    expect(there).toHaveLength(1)
    const name = here === '' ? `@see/core#${alias.split('.').at(-1)}` : here
    expect(there[0]?.[2]).toBe(`\`${name}\``)
  },
)

test('no hook and no provider has keys that are not listed', () => {
  const names = new Set([...hookAliases.values()].map((here) => here.split('#')[1]))
  expect(new Set(Object.keys(HOOK_KEYS))).toEqual(names)
  const providers = new Set([...providerAliases.keys()].map((alias) => alias.split('.').at(-1)))
  expect(new Set(Object.keys(PROVIDER_KEYS))).toEqual(providers)
})

const exported = new Map<string, unknown>(Object.entries({ ...core, ...hooks }))

/** The keys of a class with a schema. */
function schemaKeys(name: string): string[] | undefined {
  const Class = exported.get(name)
  const schema = typeof Class === 'function' && 'schema' in Class ? Class.schema : undefined
  return schema instanceof core.z.ZodObject ? Object.keys(schema.shape) : undefined
}

test.each([...keysOf(HOOK_KEYS), ...keysOf(PROVIDER_KEYS)])(
  'the table has %s’s %s, and so has its schema',
  (name, key) => {
    expect(named(name, key)).toBe(true)
    if (exported.has(name)) expect(schemaKeys(name)).toContain(key)
  },
)

test.each([...RESOURCE_KEYS, ...EVENTS])('the table has %s', (key) => {
  expect(mentioned(key)).toBe(true)
})

/** A folder with the document's files. */
function documentFolder(): string {
  const folder = temporaryFolder()
  // QEMU's user reads the image in it.
  chmodSync(folder, 0o755)
  const [context = '', hooksFile = ''] = blocks(DOCUMENT, 'json')
  const [exampleHook = '', screenHook = '', protocol = ''] = blocks(DOCUMENT, 'ts')
  writeFileSync(join(folder, 'context.json'), context)
  writeFileSync(join(folder, 'hooks.json'), hooksFile)
  writeFileSync(join(folder, 'example-hook.ts'), exampleHook)
  writeFileSync(join(folder, 'screen-hook.ts'), screenHook)
  writeFileSync(join(folder, 'protocol.ts'), protocol)
  return folder
}

test('the ported hooks do what the manual’s do', async () => {
  const folder = documentFolder()
  const temporary_folder = join(folder, 'temporary')
  cpSync(join(root, 'docs'), temporary_folder, { recursive: true })
  const file = join(folder, 'ported.json')
  const screen = {
    results_folder: join(folder, 'results'),
    screenshot_on_event: ['custom_event', 'post_pause'],
  }
  const ported = [
    { name: './example-hook.ts#ExampleHook', configuration: { wait: 0.05, temporary_folder } },
    { name: './screen-hook.ts#ScreenHook', configuration: screen },
  ]
  writeFileSync(file, JSON.stringify({ hooks: ported }))
  const environment = await Environment.allocate(simulatedFactory(), file)
  const { context, identifier } = environment
  await context.poweron()
  await context.settled()
  expect(context.failures).toEqual([])
  expect(await context.state()).toBe('paused')
  const shots = ['custom_event', 'post_pause'].map((event) => `${identifier}_${event}.ppm`)
  expect(readdirSync(join(folder, 'results')).toSorted()).toEqual(shots)
  await environment.deallocate()
  expect(readdirSync(folder)).not.toContain('temporary')
})

test('the files, and the ported protocol, on the tiny guest', { timeout: GUEST_MS }, () => {
  const folder = documentFolder()
  cpSync(join(tinyGuest(), 'domain.xml'), join(folder, 'domain.xml'))
  symlinkSync(join(tinyGuest(), 'disk.qcow2'), join(folder, 'disk.qcow2'))
  cpSync(join(root, 'examples/lifecycle/hello.sh'), join(folder, 'sample'))
  const [shell = ''] = blocks(DOCUMENT, 'sh')
  const command = ['--protocol', './protocol.ts#protocol', '--runtime', '3', '--json']
  const line = `${shell.trim().replace(/^npx see/, '"$0"')} "$@"`
  const output = execFileSync('sh', ['-c', line, join(root, 'node_modules/.bin/see'), ...command], {
    cwd: folder,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const report = JSON.parse(output)
  expect(report).toMatchObject({ ok: true, failures: [] })
  const results = join(folder, 'evidence')
  const record = readFileSync(join(results, `${report.identifier}_command_1.json`), 'utf8')
  expect(JSON.parse(record)).toMatchObject({ status: 'finished', exit_code: 7 })
  // The screen is captured once, and the command is run once.
  const evidence = readdirSync(results).map((name) => name.replace(/\.\w+$/, ''))
  expect(evidence.filter((name) => name.endsWith('_snapshots_capture'))).toHaveLength(1)
  expect(evidence.filter((name) => name.endsWith('_command_2'))).toEqual([])
})
