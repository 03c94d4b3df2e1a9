import { once } from 'node:events'
import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { type Faults, simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { ConsoleHook } from './console-hook.ts'
import { evidenceIn } from '../testing/manifest.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

async function allocate(folder: string, own: { readonly console_limit?: number } = {}, faults: Faults = {}) {
  const environment = await Environment.allocate(simulatedFactory({ faults }), {
    hooks: [{ hook: ConsoleHook, configuration: { results_folder: folder, ...own } }],
  })
  const { context, identifier } = environment
  const { consoles } = context.domain
  return { environment, context, identifier, consoles, path: join(folder, `${identifier}_console.log`) }
}

test('keeps what the guest says on its console, as it said it, of each run in a file', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, identifier, consoles, path } = await allocate(temporary.path)
  await using _ = environment
  const bytes = Buffer.from([0, 27, 91, 72, 255, 10])
  for (let run = 0; run < 2; run++) {
    await context.poweron()
    await expect.poll(() => consoles.length).toBe(run + 1)
    consoles[run]?.end(bytes)
    await context.poweroff()
    await context.settled()
  }
  expect([context.failures, context.warnings]).toEqual([[], []])
  expect(await readFile(path)).toEqual(bytes)
  expect(await evidenceIn(temporary.path)).toEqual([
    `${identifier}_console.log`,
    `${identifier}_console_2.log`,
  ])
})

test.each([
  ['is being stopped', true, []],
  ['runs', false, [{ error: { message: 'simulated failure of openConsole' } }]],
])('a console that cannot be opened while its guest %s', async (_when, isStopped, failures) => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, {}, { failing: ['openConsole'] })
  await using _ = environment
  await context.poweron()
  if (isStopped) setTimeout(() => void context.poweroff(), 200)
  await context.settled()
  expect(context.failures).toMatchObject(failures)
  expect(context.failures).toHaveLength(failures.length)
})

test('keeps no more than configured, lets the guest talk on, and says so', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path, { console_limit: 10 })
  await using _ = environment
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  for (let part = 0; part < 1000; part++) consoles[0]?.write(Buffer.alloc(1000, 'x'))
  await context.poweroff()
  consoles[0]?.end()
  await context.settled()
  expect(await readFile(path, 'latin1')).toBe('xxxxxxxxxx')
  expect(context.failures).toEqual([])
  expect(context.warnings).toMatchObject([
    { code: 'CONSOLE_CUT', why: expect.stringContaining('1000000 bytes') },
  ])
})

test('a gigabyte on a console is counted and passed over', { timeout: 60_000 }, async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path, { console_limit: 1000 })
  await using _ = environment
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  const [console] = consoles
  const chunk = Buffer.alloc(1024 * 1024, 'x')
  for (let part = 0; part < 1024; part++) {
    if (console?.write(chunk) === false) await once(console, 'drain')
  }
  await context.poweroff()
  console?.end()
  await context.settled()
  expect((await stat(path)).size).toBe(1000)
  expect(context.limitsReached).toMatchObject([{ limit: 'console_limit', bound: 1000, measured: 1024 ** 3 }])
})

test('a console that closes while its guest runs on is a warning', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  consoles[0]?.end('hello')
  await context.settled()
  expect(await readFile(path, 'utf8')).toBe('hello')
  expect(context.failures).toEqual([])
  expect(context.warnings).toMatchObject([{ code: 'CONSOLE_CLOSED', why: expect.stringContaining(path) }])
})

test('keeps what came by the end of the environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path)
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  consoles[0]?.write('hello')
  await expect.poll(() => readFile(path, 'utf8')).toBe('hello')
  await environment.deallocate()
  expect(context.failures).toEqual([])
  expect(await readFile(path, 'utf8')).toBe('hello')
})

test('keeps what is on its way at the end of the environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path)
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  const [console] = consoles
  await expect.poll(() => evidenceIn(temporary.path)).toHaveLength(1)
  context.signal.addEventListener('abort', () => {
    console?.write('good')
    setTimeout(() => console?.write('bye'), 20)
  })
  await environment.deallocate()
  expect(context.failures).toEqual([])
  expect(await readFile(path, 'utf8')).toBe('goodbye')
})

test('a guest that talks on does not hold its environment', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path)
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  await expect.poll(() => evidenceIn(temporary.path)).toHaveLength(1)
  const talking = setInterval(() => consoles[0]?.write('and '), 10)
  const started = performance.now()
  await environment.deallocate()
  clearInterval(talking)
  expect(performance.now() - started).toBeLessThan(5000)
  expect(context.failures).toEqual([])
  expect(await readFile(path, 'utf8')).toMatch(/^(and )+$/)
})

test('a console that breaks is a failure', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  consoles[0]?.destroy(new Error('the line is dead'))
  await context.settled()
  expect(String(context.failures[0]?.error)).toContain('the line is dead')
})

test('a log that cannot be written is a failure', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, consoles, path } = await allocate(temporary.path)
  await using _ = environment
  await writeFile(path, 'not ours')
  await context.poweron()
  await expect.poll(() => consoles.length).toBe(1)
  consoles[0]?.end('hello')
  await context.settled()
  expect(context.failures).toMatchObject([{ error: { code: 'RESULTS_UNWRITABLE' } }])
  expect(await readFile(path, 'utf8')).toBe('not ours')
})

test('that the domain has no console is a warning, and nothing is logged', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context } = await allocate(temporary.path, {}, { without: ['console'] })
  await using _ = environment
  await context.poweron()
  await context.settled()
  expect(await evidenceIn(temporary.path)).toEqual([])
  expect(context.failures).toEqual([])
  expect(context.warnings).toMatchObject([
    { code: 'CONSOLE_MISSING', why: expect.stringContaining('<serial type="pty"/>') },
  ])
})

test('fails at set-up when the provider has no consoles', async () => {
  const hooks = [{ hook: ConsoleHook, configuration: { results_folder: '/nowhere' } }]
  const allocating = Environment.allocate(simulatedFactory({ lacking: ['console'] }), { hooks })
  await expect(allocating).rejects.toMatchObject({
    cause: { code: 'ABILITY_MISSING', message: expect.stringContaining('no console to log') },
  })
})
