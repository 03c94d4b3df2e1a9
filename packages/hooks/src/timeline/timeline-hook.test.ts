import { randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { mkdir, readFile, symlink } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { Environment, eventNames } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, test } from 'vitest'
import { temporaryFolder } from '../testing/temporary-folder.ts'

async function allocate(folder: string, identifier = randomUUID()) {
  const environment = await Environment.allocate(
    simulatedFactory(),
    { hooks: [{ name: '@see/hooks#TimelineHook', configuration: { results_folder: folder } }] },
    { identifier },
  )
  const path = join(folder, `${identifier}_timeline.jsonl`)
  const lines = async (): Promise<Record<string, unknown>[]> => {
    const text = await readFile(path, 'utf8')
    return text
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Record<string, unknown>)
  }
  return { environment, context: environment.context, path, lines }
}

const [custom] = eventNames.parse('custom')

test('begins with its version, then writes a line for every event, handler that begins and handler that ends', async () => {
  await using temporary = await temporaryFolder()
  const before = Date.now()
  const { environment, context, lines } = await allocate(temporary.path)
  await using _ = environment
  context.subscribe('post_poweron', async function slow() {
    await sleep(20)
  })
  context.subscribe('post_poweron', function broken() {
    throw new Error('no luck')
  })
  await context.poweron({ reason: 'demo' })
  const [version, pre, ...post] = await lines()
  expect(version).toEqual({
    type: 'see-timeline',
    version: 2,
    identifier: environment.identifier,
    timestamp: expect.any(Number),
    monotonic: expect.any(Number),
  })
  expect(pre).toEqual({
    type: 'event',
    sequence: 1,
    name: 'pre_poweron',
    origin: '@see/core#SeeContext',
    timestamp: expect.any(Number),
    t: expect.any(Number),
    attributes: { reason: 'demo' },
  })
  expect(pre?.['timestamp']).toBeGreaterThanOrEqual(before)
  const slow = { sequence: 2, run: 1, handler: 'environment.slow', asynchronous: false }
  const broken = { sequence: 2, run: 2, handler: 'environment.broken', asynchronous: false }
  const times = { timestamp: expect.any(Number), t: expect.any(Number) }
  const durationMs = expect.any(Number)
  expect(post).toEqual([
    expect.objectContaining({ type: 'event', sequence: 2, name: 'post_poweron' }),
    { type: 'handler_start', ...slow, ...times },
    { type: 'handler_end', ...slow, ...times, durationMs },
    { type: 'handler_start', ...broken, ...times },
    { type: 'handler_end', ...broken, ...times, durationMs, error: 'no luck' },
  ])
  expect(post[2]?.['durationMs']).toBeGreaterThanOrEqual(19)
})

test('has both clocks: what passed between two lines is the same by either', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, lines } = await allocate(temporary.path)
  await using _ = environment
  context.subscribe('post_poweron', () => sleep(50))
  await context.poweron()
  const [version, ...rest] = await lines()
  const [start, end] = rest.slice(-2)
  const passed = Number(end?.['t']) - Number(start?.['t'])
  expect(passed).toBeGreaterThanOrEqual(49)
  expect(Number(end?.['timestamp']) - Number(start?.['timestamp'])).toBeGreaterThanOrEqual(passed - 2)
  const monotonicNow = Number(process.hrtime.bigint()) / 1e6
  const since = monotonicNow - Number(version?.['monotonic'])
  expect(since).toBeGreaterThanOrEqual(Number(end?.['t']))
  expect(since).toBeLessThan(Number(end?.['t']) + 10_000)
  expect(rest.map(({ t }) => t)).toEqual(rest.map(({ t }) => Number(t)).toSorted((a, b) => a - b))
})

test('names the event inside which another was fired, whose line is inside its handler', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, lines } = await allocate(temporary.path)
  await using _ = environment
  context.subscribe('post_poweron', () => context.trigger(custom ?? expect.fail()))
  await context.poweron()
  expect(await lines()).toMatchObject([
    { type: 'see-timeline' },
    { name: 'pre_poweron' },
    { name: 'post_poweron', sequence: 2 },
    { type: 'handler_start', sequence: 2 },
    { name: 'custom', sequence: 3, parent: 2 },
    { type: 'handler_end', sequence: 2 },
  ])
})

test('has a handler that runs on, or never ends, by the line of its start', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, lines } = await allocate(temporary.path)
  await using _ = environment
  context.subscribeAsync('post_poweron', function quick() {})
  context.subscribeAsync('post_poweron', async function late() {
    await sleep(30)
    throw new Error('too late')
  })
  await context.poweron()
  expect((await lines()).slice(-3)).toMatchObject([
    { type: 'handler_start', run: 1, handler: 'environment.quick', asynchronous: true },
    { type: 'handler_end', run: 1, handler: 'environment.quick', durationMs: expect.any(Number) },
    { type: 'handler_start', run: 2, handler: 'environment.late', asynchronous: true },
  ])
  await context.settled()
  expect(await lines()).toHaveLength(7)
  expect((await lines()).at(-1)).toEqual({
    type: 'handler_end',
    sequence: 2,
    run: 2,
    timestamp: expect.any(Number),
    t: expect.any(Number),
    handler: 'environment.late',
    asynchronous: true,
    durationMs: expect.any(Number),
    error: 'too late',
  })
})

test('has the lines of a handler on disk before it runs', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, path } = await allocate(temporary.path)
  await using _ = environment
  let seen = ''
  context.subscribe('post_poweron', function looks() {
    seen = readFileSync(path, 'utf8')
  })
  await context.poweron()
  expect(JSON.parse(seen.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
    type: 'handler_start',
    handler: 'environment.looks',
  })
})

test('survives any attribute, and writes none at length', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, lines, path } = await allocate(temporary.path)
  await using _ = environment
  const circle: Record<string, unknown> = {}
  circle['self'] = circle
  const shared = { a: 1 }
  const hostile = new Proxy({}, { ownKeys: () => expect.fail('read') })
  const attributes = {
    circle,
    hostile,
    twice: [shared, shared],
    big: 12345678901234567890n,
    huge: 'x'.repeat(10_000_000),
    many: Array.from({ length: 1_000_000 }, (_unused, index) => index),
    deep: JSON.parse(`${'['.repeat(5000)}${']'.repeat(5000)}`) as unknown,
    nothing: undefined,
    not_a_number: Number.NaN,
    handler: setTimeout,
    bytes: Buffer.alloc(1000),
    error: new TypeError('broken'),
    date: new Date(0),
    map: new Map([['key', 'value']]),
    line_breaks: 'a\nb\u2028',
    toJSON: () => expect.fail('called'),
  }
  await context.poweron(attributes)
  expect(context.failures).toEqual([])
  const [, line] = await lines()
  expect(line?.['attributes']).toMatchObject({
    circle: { self: '[circular]' },
    hostile: '[unreadable]',
    twice: [{ a: 1 }, { a: 1 }],
    big: '12345678901234567890',
    huge: expect.stringMatching(/^x{16384}… \(10000000 characters\)$/),
  })
  expect((await readFile(path)).length).toBeLessThan(1024 * 1024)
  expect(line?.['attributes_cut']).toBe(true)
  await context.settled()
  expect(context.warnings).toMatchObject([
    { code: 'TIMELINE_CUT', what: 'attributes of pre_poweron on the timeline' },
    { code: 'TIMELINE_CUT', what: 'attributes of post_poweron on the timeline' },
  ])
})

test('has each line on disk when its event is over', async () => {
  await using temporary = await temporaryFolder()
  const { environment, context, lines } = await allocate(temporary.path)
  await using _ = environment
  await context.poweron()
  expect(await lines()).toHaveLength(3)
  await context.pause()
  expect(await lines()).toHaveLength(5)
})

test('fails at set-up when the timeline cannot be written', async () => {
  await using temporary = await temporaryFolder()
  const identifier = randomUUID()
  await mkdir(join(temporary.path, `${identifier}_timeline.jsonl`))
  await expect(allocate(temporary.path, identifier)).rejects.toMatchObject({
    code: 'HOOK_SETUP',
    cause: { code: 'RESULTS_UNWRITABLE' },
  })
})

test('on a full disk lets events go on, and says at the end what was lost', async () => {
  await using temporary = await temporaryFolder()
  const identifier = randomUUID()
  await symlink('/dev/full', join(temporary.path, `${identifier}_timeline.jsonl`))
  const { environment, context } = await allocate(temporary.path, identifier)
  let handled = 0
  context.subscribe('post_poweron', () => void handled++)
  await context.poweron()
  expect(handled).toBe(1)
  await expect(environment.deallocate()).rejects.toThrow(
    /5 lines of the timeline are lost: cannot write .*: the disk is full/,
  )
})
