import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { mkdir, mkdtemp, rm, symlink, utimes, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { SeeError } from '../common/errors.ts'
import type { FoundEnvironment, LeftEntry, UndoOptions } from '../contract/left.ts'
import { EnvironmentLedger } from '../ledger/environment-ledger.ts'
import { thisProcess } from '../ledger/this-process.ts'
import { registerProvider } from '../providers/registry.ts'
import { simulatedProvider } from '../testing/simulated-provider.ts'
import { listRecorded } from './list-environments.ts'
import { unfinishedLedger } from '../ledger/ledger-folder.ts'
import { reap } from './reap.ts'
import { reapOwner } from './reap-owner.ts'

type OwnerRecord = FoundEnvironment['owner']

let above: string
let folder: string
const { signal } = new AbortController()

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'see-reaper-test-'))
  folder = join(above, 'ledger')
  await mkdir(join(folder, 'owners'), { recursive: true, mode: 0o700 })
})
afterEach(() => rm(above, { recursive: true, force: true }))

/** A process that has ended without removing its socket. */
async function deadOwner(changes: Partial<OwnerRecord> = {}): Promise<OwnerRecord> {
  const socket = join(folder, 'owners', randomUUID())
  const program = `require('net').createServer().listen(${JSON.stringify(socket)}, () => process.kill(process.pid, 'SIGKILL'))`
  await once(spawn(process.execPath, ['-e', program], { stdio: 'ignore' }), 'exit')
  return { ...(await thisProcess()), pid: 999_999_999, start: 1, socket, ...changes }
}

async function ledgerOf(owner: OwnerRecord, ...entries: readonly LeftEntry[]): Promise<string> {
  const identifier = randomUUID()
  const lines = entries.map((entry, index) => ({ entry: index + 1, ...entry }))
  const text = [{ version: 1, identifier, owner }, ...lines]
    .map((line) => `${JSON.stringify(line)}\n`)
    .join('')
  await writeFile(join(folder, `${identifier}.jsonl`), text, { mode: 0o600 })
  return identifier
}

const folderEntry = (path: string): LeftEntry => ({
  kind: 'folder',
  what: `the folder ${path}`,
  payload: { path },
})

/** A provider whose things are of the kind "thing". */
function registerUndoer(
  undo: (identifier: string, entry: LeftEntry, options: UndoOptions) => Promise<void> | void,
  found: readonly FoundEnvironment[] | Error = [],
): void {
  const leftovers = {
    kinds: ['thing', 'slow thing'],
    settling: ['slow thing'],
    undoer: async () => ({
      undo: async (identifier: string, entry: LeftEntry, options: UndoOptions) =>
        await undo(identifier, entry, options),
      find: async () => {
        if (found instanceof Error) throw found
        return found
      },
      [Symbol.asyncDispose]: async () => undefined,
    }),
  }
  const registered = registerProvider({
    ...simulatedProvider,
    name: 'reaped',
    schemes: ['reaped'],
    leftovers,
  })
  onTestFinished(() => registered[Symbol.dispose]())
}
const thing = (what: string): LeftEntry => ({ provider: 'reaped', kind: 'thing', what, payload: {} })

test('what a killed process left is undone last in, first out, and struck out', async () => {
  const undone: string[] = []
  registerUndoer((_identifier, { what }) => void undone.push(what))
  const owner = await deadOwner()
  const identifier = await ledgerOf(owner, thing('a'), thing('b'), thing('c'))
  const dry = await reap({ signal, folder, dryRun: true })
  expect(dry.reaped).toEqual([{ identifier, undone: ['c', 'b', 'a'], kept: [] }])
  expect(undone).toEqual([])
  expect((await reap({ signal, folder })).reaped).toEqual(dry.reaped)
  expect(undone).toEqual(['c', 'b', 'a'])
  expect(readdirSync(folder)).toEqual(['owners'])
  expect(readdirSync(join(folder, 'owners'))).toEqual([])
  expect(await reap({ signal, folder })).toMatchObject({ reaped: [] })
})

test('what cannot be undone now is kept, and the rest is undone', async () => {
  let isDown = true
  registerUndoer((_identifier, { what }) => {
    if (isDown && what === 'b') throw new SeeError('HYPERVISOR_UNREACHABLE', 'no daemon answers')
  })
  const identifier = await ledgerOf(await deadOwner(), thing('a'), thing('b'), thing('c'))
  expect((await reap({ signal, folder })).reaped).toMatchObject([
    { identifier, undone: ['c', 'a'], kept: [{ what: 'b', error: { code: 'HYPERVISOR_UNREACHABLE' } }] },
  ])
  expect(await listRecorded(folder)).toMatchObject([{ identifier, state: 'left', holds: [{ what: 'b' }] }])
  isDown = false
  expect((await reap({ signal, folder })).reaped).toEqual([{ identifier, undone: ['b'], kept: [] }])
  expect(readdirSync(folder)).toEqual(['owners'])
})

describe('what is not touched', () => {
  test('an environment of a process that lives, on this host or on another', async () => {
    registerUndoer(() => expect.unreachable())
    const alive = EnvironmentLedger.begin(randomUUID(), folder)
    const entry = await alive.record({ kind: 'thing', what: 'mine', payload: {} }, 'reaped')
    const elsewhere = await ledgerOf(await deadOwner({ boot: 'another', host: 'another' }), thing('theirs'))
    expect(await reap({ signal, folder })).toMatchObject({ reaped: [] })
    const states = (await listRecorded(folder)).map(({ identifier, state }) => [identifier, state])
    expect(states).toEqual(
      expect.arrayContaining([
        [alive.identifier, 'alive'],
        [elsewhere, 'elsewhere'],
      ]),
    )
    await entry.undone()
    await alive.end()
  })

  test('another boot of this host has ended all that it had', async () => {
    registerUndoer(() => undefined)
    const identifier = await ledgerOf(await deadOwner({ boot: 'before' }), thing('a'))
    expect((await reap({ signal, folder })).reaped).toMatchObject([{ identifier, undone: ['a'] }])
  })

  test('a ledger that is not understood is reported and kept', async () => {
    const identifier = randomUUID()
    await writeFile(join(folder, `${identifier}.jsonl`), '{"version":99}\n', { mode: 0o600 })
    const { reaped, problems } = await reap({ signal, folder })
    expect(reaped).toEqual([])
    expect(problems).toMatchObject([{ what: `environment ${identifier}`, error: { message: /version 99/ } }])
    expect(existsSync(join(folder, `${identifier}.jsonl`))).toBe(true)
  })

  test('a kind that is not known is kept', async () => {
    await ledgerOf(await deadOwner(), { provider: 'gone', kind: 'what', what: 'it', payload: {} })
    expect((await reap({ signal, folder })).reaped).toMatchObject([
      { undone: [], kept: [{ what: 'it', error: { code: 'UNDO_FAILED', message: /provider gone/ } }] },
    ])
  })

  test('a path without the identifier, a link, and a folder in the place of a file', async () => {
    const owner = await deadOwner()
    const other = join(above, 'other')
    await mkdir(other)
    await ledgerOf(owner, folderEntry(other))
    expect((await reap({ signal, folder })).reaped).toMatchObject([
      { kept: [{ error: { message: /does not have the environment's identifier/ } }] },
    ])
    const identifier = randomUUID()
    const link = join(above, `link-${identifier}`)
    await symlink(other, link)
    const file: LeftEntry = {
      kind: 'file',
      what: 'a file',
      payload: { path: join(above, `file-${identifier}`) },
    }
    await mkdir(join(above, `file-${identifier}`))
    const lines = [
      { version: 1, identifier, owner },
      { entry: 1, ...folderEntry(link) },
      { entry: 2, ...file },
    ]
    await writeFile(
      join(folder, `${identifier}.jsonl`),
      lines.map((each) => `${JSON.stringify(each)}\n`).join(''),
      { mode: 0o600 },
    )
    await reap({ signal, folder })
    expect([existsSync(other), existsSync(link), existsSync(join(above, `file-${identifier}`))]).toEqual([
      true,
      true,
      true,
    ])
  })
})

test('folders, files and processes of a host are removed', async () => {
  const owner = await deadOwner()
  const identifier = randomUUID()
  const own = join(above, `run-${identifier}`)
  const file = join(above, `${identifier}.txt`)
  await mkdir(join(own, 'inside'), { recursive: true })
  await writeFile(file, '')
  const sleeper = spawn('sh', ['-c', 'sleep 600; true', `of-${identifier}`], {
    detached: true,
    stdio: 'ignore',
  })
  onTestFinished(() => {
    try {
      process.kill(-(sleeper.pid ?? 0), 'SIGKILL')
    } catch {
      // It is gone.
    }
  })
  const ended = once(sleeper, 'exit')
  const entries: LeftEntry[] = [
    folderEntry(own),
    { kind: 'file', what: 'the file', payload: { path: file } },
    { kind: 'process', what: 'the shell', payload: { program: 'sh', argument: `of-${identifier}` } },
  ]
  const lines = [
    { version: 1, identifier, owner },
    ...entries.map((each, index) => ({ entry: index + 1, ...each })),
  ]
  await writeFile(
    join(folder, `${identifier}.jsonl`),
    lines.map((each) => `${JSON.stringify(each)}\n`).join(''),
    {
      mode: 0o600,
    },
  )
  const { reaped } = await reap({ signal, folder })
  expect(reaped).toMatchObject([
    { identifier, undone: ['the shell', 'the file', `the folder ${own}`], kept: [] },
  ])
  expect([existsSync(own), existsSync(file)]).toEqual([false, false])
  expect(await ended).toEqual([null, 'SIGKILL'])
})

test('several reapers do not fight: each thing is undone once', async () => {
  const counts = new Map<string, number>()
  registerUndoer(async (_identifier, { what }) => {
    await new Promise((resolve) => setTimeout(resolve, 2))
    counts.set(what, (counts.get(what) ?? 0) + 1)
  })
  const owner = await deadOwner()
  for (let index = 0; index < 12; index++) await ledgerOf(owner, thing(`${index} a`), thing(`${index} b`))
  const reports = await Promise.all([1, 2, 3].map(() => reap({ signal, folder })))
  expect(reports.flatMap(({ reaped }) => reaped.flatMap(({ kept }) => kept))).toEqual([])
  expect(reports.flatMap(({ reaped }) => reaped)).toHaveLength(12)
  expect([...counts.values()]).toEqual(Array.from({ length: 24 }, () => 1))
  expect(readdirSync(folder)).toEqual(['owners'])
})

test('environments without a ledger are found and undone, if their owner is dead', async () => {
  const undone: string[] = []
  const [lost, alive] = [randomUUID(), randomUUID()]
  const server = createServer().listen(join(folder, 'owners', 'alive'))
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const living = { ...(await deadOwner()), socket: join(folder, 'owners', 'alive') }
  registerUndoer(
    (identifier, { what }) => void undone.push(`${identifier} ${what}`),
    [
      { identifier: lost, owner: await deadOwner(), entries: [thing('a'), thing('b')] },
      { identifier: alive, owner: living, entries: [thing('c')] },
    ],
  )
  const { reaped } = await reap({ signal, folder })
  expect(reaped).toEqual([{ identifier: lost, undone: ['b', 'a'], kept: [] }])
  expect(undone).toEqual([`${lost} b`, `${lost} a`])
  expect(readdirSync(folder)).toEqual(['owners'])
})

test('who cannot be asked is said', async () => {
  registerUndoer(() => undefined, new SeeError('HYPERVISOR_UNREACHABLE', 'no daemon'))
  const { problems } = await reap({ signal, folder })
  expect(problems).toContainEqual({ what: simulatedProvider.title, error: expect.any(SeeError) })
})

test('what one process left is undone, and what it had asked a daemon for is looked for a while longer', async () => {
  const undone = new Map<string, string[]>()
  registerUndoer((identifier, { what }, { settleMs = 0 }) => {
    undone.set(identifier, [
      ...(undone.get(identifier) ?? []),
      `${what} ${settleMs > 1000 ? 'long' : 'once'}`,
    ])
  })
  const owner = await deadOwner()
  const slow = { ...thing('slow'), kind: 'slow thing' }
  const own = await ledgerOf(owner, thing('a'), slow, thing('b'))
  const quick = await ledgerOf(owner, thing('a'))
  const other = await ledgerOf(await deadOwner(), thing('b'))
  await reapOwner(folder, owner.socket, { signal })
  // The rest does not wait for it, and is looked at again when it has had its time.
  expect(undone.get(own)).toEqual(['b once', 'slow once', 'a once', 'slow long', 'b once', 'a once'])
  expect(undone.get(quick)).toEqual(['a once'])
  expect(undone.has(other)).toBe(false)
  expect(readdirSync(folder).toSorted()).toEqual([`${other}.jsonl`, 'owners'])
  expect(readFileSync(join(folder, `${other}.jsonl`), 'utf8')).toContain('"b"')
})

test('a ledger that had not got its name yet goes when its owner is dead, and only then', async () => {
  const living = join(folder, 'owners', randomUUID())
  const server = createServer().listen(living)
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { socket } = await deadOwner()
  const names = [socket, living].map((each) => {
    return unfinishedLedger(`${randomUUID()}.jsonl`, each)
  })
  for (const name of names) await writeFile(join(folder, name), '{"version":1,"ident', { mode: 0o600 })
  await reap({ signal, folder })
  expect(readdirSync(folder).filter((name) => names.includes(name))).toEqual([names[1]])
  await rm(join(folder, names[1] ?? ''))
})

test('a ledger without a line, of a process that was killed before it had made anything, goes after a while', async () => {
  const [old, young, begun] = [randomUUID(), randomUUID(), randomUUID()].map((each) => `${each}.jsonl`)
  for (const name of [old, young]) await writeFile(join(folder, name ?? ''), '', { mode: 0o600 })
  await writeFile(join(folder, begun ?? ''), '{"version":1,"ident', { mode: 0o600 })
  const longAgo = new Date(Date.now() - 120_000)
  for (const name of [old, begun]) await utimes(join(folder, name ?? ''), longAgo, longAgo)
  await reap({ signal, folder, dryRun: true })
  expect(readdirSync(folder)).toContain(old)
  await reap({ signal, folder })
  expect(new Set(readdirSync(folder))).toEqual(new Set([young, 'owners']))
})
