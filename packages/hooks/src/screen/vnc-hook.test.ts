import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { fakeProgram, withoutPrograms } from '../testing/fake-program.ts'
import { temporaryFolder } from '../testing/temporary-folder.ts'

async function allocate(configuration: Record<string, unknown>, vncPort = 5907) {
  const factory = simulatedFactory({ guest: { vncPort } })
  return await Environment.allocate(factory, { hooks: [{ name: '@see/hooks#VNCHook', configuration }] })
}

/** A viewer that writes down its process and what it is given, and stays. */
function standIn(folder: string, end = 'exec sleep 60') {
  return ['sh', '-c', `echo $$ "$@" >${folder}/.seen; mv ${folder}/.seen ${folder}/seen; ${end}`, 'viewer']
}

async function seen(folder: string): Promise<string[]> {
  return (await readFile(join(folder, 'seen'), 'utf8').catch(() => '')).trim().split(' ')
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

test.each(['poweroff', 'shutdown', 'deallocate'] as const)(
  'opens a viewer on the guest’s screen, and closes it at %s',
  async (end) => {
    await using temporary = await temporaryFolder()
    const viewer = [...standIn(temporary.path), '{host}::{port}', '{host}:{display}', '{other}']
    await using environment = await allocate({ viewer })
    const { context } = environment
    await context.poweron()
    await expect.poll(() => seen(temporary.path)).toHaveLength(4)
    const [pid, ...words] = await seen(temporary.path)
    expect(words).toEqual(['127.0.0.1::5907', '127.0.0.1:7', '{other}'])
    expect(isAlive(Number(pid))).toBe(true)
    if (end === 'deallocate') await environment.deallocate()
    else await context[end]()
    await context.settled()
    expect(isAlive(Number(pid))).toBe(false)
    expect(context.failures).toEqual([])
  },
)

test('may be closed by its user', async () => {
  await using temporary = await temporaryFolder()
  await using environment = await allocate({
    viewer: standIn(temporary.path, 'sleep 2.1'),
    start_vnc: 'post_pause',
  })
  const { context } = environment
  await context.poweron()
  await context.pause()
  await context.settled()
  expect(await seen(temporary.path)).toHaveLength(1)
  expect([context.failures, context.warnings]).toEqual([[], []])
})

test('one that ends immediately, showing nothing, is a warning with what it said', async () => {
  await using environment = await allocate({ viewer: ['sh', '-c', 'echo refused >&2'] })
  const { context } = environment
  await context.poweron()
  await context.settled()
  expect(context.failures).toEqual([])
  expect(context.warnings).toMatchObject([{ code: 'VIEWER_ENDED', why: expect.stringContaining('refused') }])
})

test('the default viewer gets the port of any display, by its own option for that', async () => {
  await using temporary = await temporaryFolder()
  const [program, ...words] = standIn(temporary.path)
  await using _ = await fakeProgram(
    'vncviewer',
    `exec ${program} ${words.map((w) => `'${w}'`).join(' ')} "$@"`,
  )
  await using environment = await allocate({}, 15_900)
  await environment.context.poweron()
  await expect.poll(() => seen(temporary.path)).toHaveLength(2)
  expect((await seen(temporary.path))[1]).toBe('127.0.0.1::15900')
})

test('says what a viewer that fails says', async () => {
  await using environment = await allocate({ viewer: ['sh', '-c', 'echo no screen here >&2; exit 1'] })
  const { context } = environment
  await context.poweron()
  await context.settled()
  expect(context.failures).toMatchObject([
    { error: { code: 'TOOL_FAILED', message: 'sh ended with exit code 1: "no screen here"' } },
  ])
})

test('refuses while the guest is off', async () => {
  const viewer = ['sh', '-c', 'exit 0']
  await using environment = await allocate({ viewer, start_vnc: 'pre_poweron' })
  const { context } = environment
  await context.poweron()
  await context.settled()
  expect(context.failures).toMatchObject([{ event: 'pre_poweron', error: { code: 'GUEST_STOPPED' } }])
})

test('fails at set-up when the domain has no VNC server', async () => {
  await using _ = await fakeProgram('vncviewer', 'exit 0')
  const factory = simulatedFactory({ faults: { without: ['vnc'] } })
  const hooks = [{ name: '@see/hooks#VNCHook' }]
  await expect(Environment.allocate(factory, { hooks })).rejects.toMatchObject({
    cause: { code: 'CONFIGURATION_INVALID', message: expect.stringContaining('<graphics type="vnc"') },
  })
})

test('fails at set-up when the provider has no VNC servers', async () => {
  await using _ = await fakeProgram('vncviewer', 'exit 0')
  const factory = simulatedFactory({ lacking: ['vnc'] })
  const hooks = [{ name: '@see/hooks#VNCHook' }]
  await expect(Environment.allocate(factory, { hooks })).rejects.toMatchObject({
    cause: { code: 'ABILITY_MISSING', message: expect.stringContaining('have no VNC server') },
  })
})

test.each([
  [{}, 'xtigervnc-viewer'],
  [{ viewer: ['no-such-viewer'] }, 'no-such-viewer'],
  [{ viewer: ['/no/such/viewer'] }, '/no/such/viewer'],
])('fails at set-up when the viewer of %j is missing', async (configuration, what) => {
  await using _ = await withoutPrograms()
  await expect(allocate(configuration)).rejects.toMatchObject({
    cause: { code: 'TOOL_MISSING', message: expect.stringContaining(what) },
  })
})

test.each([[{ viewer: [] }], [{ viewer: 'vncviewer' }], [{ start_vnc: 'two words' }]])(
  'refuses the configuration %j',
  async (configuration) => {
    await expect(allocate(configuration)).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  },
)
