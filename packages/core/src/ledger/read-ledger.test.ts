import { randomUUID } from 'node:crypto'
import { execFileSync } from 'node:child_process'
import { appendFile, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { LeftLedger } from './left-ledger.ts'
import { formatLine } from './ledger-lines.ts'
import { readLedger, readLedgers } from './read-ledger.ts'

let above: string
let folder: string
let path: string
const identifier = randomUUID()
const owner = { socket: '/nowhere', pid: 1, start: 1, boot: 'a', host: 'b' }
const head = formatLine({ version: 1, identifier, owner })
const entryLine = (entry: number) =>
  formatLine({ entry, kind: 'file', what: `${entry}`, payload: { path: '/x' } })

beforeEach(async () => {
  above = await mkdtemp(join(tmpdir(), 'see-ledger-test-'))
  folder = join(above, 'ledger')
  await mkdir(folder, { mode: 0o700 })
  path = join(folder, `${identifier}.jsonl`)
})
afterEach(() => rm(above, { recursive: true, force: true }))

test('a line that was being written when its process was killed is left out, at every length', async () => {
  const second = entryLine(2)
  for (let length = 0; length < second.length; length++) {
    await writeFile(path, head + entryLine(1) + second.slice(0, length))
    const reading = await readLedger(folder, identifier)
    expect(reading).toMatchObject({ state: 'read', content: { entries: [{ entry: 1 }] } })
  }
  // Who goes on with it writes over the rest.
  const reading = await readLedger(folder, identifier)
  if (reading?.state !== 'read') throw new Error('it is not read')
  await using left = await LeftLedger.open(reading.content, folder)
  await left.undone(7)
  await appendFile(path, entryLine(3))
  expect(await readLedger(folder, identifier)).toMatchObject({
    content: { entries: [{ entry: 1 }, { entry: 3 }] },
  })
})

test.each([0, 1, 40])('without a whole line it is torn: %i bytes', async (length) => {
  await writeFile(path, head.slice(0, length))
  expect(await readLedger(folder, identifier)).toMatchObject({ state: 'torn' })
})

test('what is undone and what is ended', async () => {
  await writeFile(
    path,
    head + entryLine(1) + entryLine(2) + formatLine({ undone: 1 }) + formatLine({ ended: true }),
  )
  expect(await readLedger(folder, identifier)).toMatchObject({
    content: { owner, entries: [{ entry: 2 }], isEnded: true },
  })
})

describe('what is not understood is kept and reported', () => {
  test.each([
    ['of another version', () => head.replace('"version":1', '"version":2'), 'the version 2'],
    ['of another environment', () => head.replace(identifier, randomUUID()), 'it is of'],
    ['a line that is no JSON', () => `${head}{"entry":1\n${entryLine(2)}`, 'JSON'],
    ['a line of no kind', () => `${head}{"else":1}\n`, ''],
    ['an owner with too much to say', () => head.replace('/nowhere', 'x'.repeat(5000)), ''],
    ['too long', () => head + `${' '.repeat(4 * 1024 * 1024)}\n`, 'more than'],
    ['binary', () => '\0\n\0\n', ''],
  ])('%s', async (_what, text, why) => {
    await writeFile(path, text())
    expect(await readLedger(folder, identifier)).toMatchObject({
      state: 'unreadable',
      why: expect.stringContaining(why),
    })
    expect(await readLedgers(folder)).toHaveLength(1)
  })

  test('a link, a pipe or a folder in the place of the file', async () => {
    await writeFile(join(above, 'elsewhere'), head)
    await symlink(join(above, 'elsewhere'), path)
    expect(await readLedger(folder, identifier)).toMatchObject({ why: 'it is a link' })
    await rm(path)
    execFileSync('mkfifo', [path])
    expect(await readLedger(folder, identifier)).toMatchObject({ why: 'it is not a file' })
    await rm(path)
    await mkdir(path)
    expect(await readLedger(folder, identifier)).toMatchObject({ state: 'unreadable' })
  })
})

test('other files of the folder are none', async () => {
  await writeFile(join(folder, 'notes.jsonl'), head)
  await writeFile(join(folder, `${identifier}.jsonl.old`), head)
  expect(await readLedgers(folder)).toEqual([])
  expect(await readLedger(folder, randomUUID())).toBeUndefined()
  expect(await readLedgers(join(above, 'missing'))).toEqual([])
})
