import { randomUUID } from 'node:crypto'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { ReleaseStack } from '../common/release-stack.ts'
import { EnvironmentLedger } from './environment-ledger.ts'
import { LeftLedger } from './left-ledger.ts'
import { ownerState } from './owner-state.ts'
import { readLedger, readLedgers } from './read-ledger.ts'

let above: string
let folder: string
let identifier: string

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'see-ledger-test-'))
  folder = join(above, 'ledger')
  identifier = randomUUID()
})
afterEach(() => rm(above, { recursive: true, force: true }))

const entry = (what: string) => ({ kind: 'folder', what, payload: { path: `/tmp/${what}` }, isLasting: true })
const lineOf = (what: string) => ({ kind: 'folder', what, payload: { path: `/tmp/${what}` } })
const lines = () =>
  readFileSync(join(folder, `${identifier}.jsonl`), 'utf8')
    .trimEnd()
    .split('\n')

test('what is recorded is on disk before it is made, and gone when all is undone', async () => {
  const ledger = EnvironmentLedger.begin(identifier, folder)
  expect(existsSync(folder)).toBe(false)
  const first = await ledger.record(entry('a'), 'embedded')
  const second = await ledger.record(entry('b'))
  expect(
    lines()
      .slice(1)
      .map((each) => JSON.parse(each)),
  ).toEqual([
    { entry: 1, provider: 'embedded', ...lineOf('a') },
    { entry: 2, ...lineOf('b') },
  ])
  expect((await stat(join(folder, `${identifier}.jsonl`))).mode & 0o777).toBe(0o600)
  const [reading] = await readLedgers(folder)
  expect(reading).toMatchObject({ state: 'read', content: { identifier, isEnded: false } })
  if (reading?.state !== 'read') throw new Error('it is not read')
  expect(await ownerState(reading.content.owner)).toBe('alive')
  await second.undone()
  expect(lines()).toHaveLength(4)
  expect(await readLedger(folder, identifier)).toMatchObject({ content: { entries: [{ what: 'a' }] } })
  await first.undone()
  expect(readdirSync(folder)).toEqual(['owners'])
  const again = await ledger.record(entry('c'))
  await first.undone()
  expect(await readLedger(folder, identifier)).toMatchObject({ content: { entries: [{ what: 'c' }] } })
  await again.undone()
  await ledger.end()
  expect(readdirSync(folder)).toEqual(['owners'])
})

test('an environment that ends leaves what it could not undo to others, though its process lives', async () => {
  const ledger = EnvironmentLedger.begin(identifier, folder)
  const releases = new ReleaseStack(ledger, 'qemu')
  await releases.defer(entry('goes'), () => undefined)
  await releases.defer(entry('stays'), () => Promise.reject(new Error('no')))
  await releases.defer(entry('is too slow'), () => new Promise(() => undefined), 5)
  await expect(ledger.endAfter(() => releases.release())).rejects.toThrow('no')
  const reading = await readLedger(folder, identifier)
  if (reading?.state !== 'read') throw new Error('it is not read')
  expect(reading.content).toMatchObject({
    isEnded: true,
    entries: [{ what: 'stays', provider: 'qemu' }, { what: 'is too slow' }],
  })
  {
    await using left = await LeftLedger.open(reading.content, folder)
    await left.undone(3)
    expect(await readLedger(folder, identifier)).toMatchObject({ content: { entries: [{ what: 'stays' }] } })
    await left.undone(2)
  }
  expect(await readLedger(folder, identifier)).toBeUndefined()
})

test('an identifier is of one environment of all processes', async () => {
  const ledger = EnvironmentLedger.begin(identifier, folder)
  expect(() => EnvironmentLedger.begin(identifier, folder)).toThrow('of this process')
  await ledger.record(entry('a'))
  await ledger.end()
  const next = EnvironmentLedger.begin(identifier, folder)
  await expect(next.record(entry('b'))).rejects.toMatchObject({
    code: 'IDENTIFIER_TAKEN',
    message: expect.stringContaining('see reap'),
  })
  await next.end()
  expect(lines()).toHaveLength(3)
})

test('many at a time are each written whole, in one file each', async () => {
  const ledgers = Array.from({ length: 8 }, () => EnvironmentLedger.begin(randomUUID(), folder))
  const recorded = await Promise.all(
    ledgers.flatMap((ledger) => Array.from({ length: 20 }, (_, index) => ledger.record(entry(`${index}`)))),
  )
  const read = await readLedgers(folder)
  expect(read).toHaveLength(8)
  for (const each of read) {
    expect(each.state === 'read' && each.content.entries.map(({ what }) => Number(what))).toEqual(
      Array.from({ length: 20 }, (_, index) => index),
    )
  }
  expect(readdirSync(join(folder, 'owners'))).toHaveLength(1)
  await Promise.all(recorded.map((each) => each.undone()))
  expect(readdirSync(folder)).toEqual(['owners'])
  for (const ledger of ledgers) await ledger.end()
})

test('each step is published', async () => {
  const steps: unknown[] = []
  const listen = (message: unknown) => void steps.push(message)
  subscribe('see:step', listen)
  try {
    const ledger = EnvironmentLedger.begin(identifier, folder)
    const releases = new ReleaseStack(ledger)
    const made = await releases.defer(entry('a'), () => undefined)
    made.made()
    await ledger.endAfter(() => releases.release())
  } finally {
    unsubscribe('see:step', listen)
  }
  expect(steps).toEqual(
    ['recorded', 'made', 'undoing', 'undone'].map((step) => ({ identifier, step, what: 'a' })),
  )
})

describe('a folder that is not only ours', () => {
  test.each([
    ['another may write to it', () => chmod(folder, 0o777)],
    [
      'it is a link',
      async () => {
        await rm(folder, { recursive: true })
        await mkdir(join(above, 'theirs'))
        await symlink('theirs', folder)
      },
    ],
    [
      'it is a file',
      async () => {
        await rm(folder, { recursive: true })
        await writeFile(folder, '')
      },
    ],
  ])('%s', async (_what, spoil) => {
    await mkdir(folder, { mode: 0o700 })
    await spoil()
    const ledger = EnvironmentLedger.begin(identifier, folder)
    await expect(ledger.record(entry('a'))).rejects.toMatchObject({ code: 'LEDGER_UNUSABLE' })
    await expect(readLedgers(folder)).rejects.toMatchObject({ code: 'LEDGER_UNUSABLE' })
    await ledger.end()
  })
})
