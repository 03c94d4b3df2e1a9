import { execFileSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { chownSync, mkdtempSync, rmdirSync, rmSync, statfsSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { EnvironmentLedger } from './environment-ledger.ts'
import { readLedger, readLedgers } from './read-ledger.ts'

const mount = mkdtempSync(join(tmpdir(), 'see-full-'))
const folder = join(mount, 'see', 'ledger')

beforeAll(() => void execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64k,mode=700', 'tmpfs', mount]))
afterAll(() => {
  // The socket of the owner lingers for a moment.
  execFileSync('umount', ['--lazy', mount])
  rmdirSync(mount)
})

/** Leaves so many pages free. */
function fill(pages: number): void {
  const filler = join(mount, 'filler')
  rmSync(filler, { force: true })
  const { bavail, bsize } = statfsSync(mount)
  if (bavail > pages) writeFileSync(filler, Buffer.alloc((bavail - pages) * bsize))
}

test('where the disk is full at any write, nothing is recorded by halves, and what was recorded stays', async () => {
  const identifier = randomUUID()
  // A page each: an entry fills most of one.
  const entry = { kind: 'folder', what: 'a'.repeat(3000), payload: { path: '/x' }, isLasting: true }
  for (let pages = 0; pages < 8; pages++) {
    const ledger = EnvironmentLedger.begin(identifier, folder)
    fill(pages)
    const recorded = []
    let failure: unknown
    for (let count = 0; count < 8; count++) {
      try {
        recorded.push(await ledger.record(entry))
      } catch (error) {
        failure ??= error
      }
    }
    if (recorded.length < 8) expect(failure).toMatchObject({ code: 'DISK_FULL' })
    const reading = await readLedger(folder, identifier)
    if (recorded.length === 0) expect(reading).toBeUndefined()
    else
      expect(reading).toMatchObject({
        content: { entries: recorded.map(() => ({ what: entry.what })) },
      })
    // Undoing needs no room.
    for (const each of recorded.toReversed()) await each.undone()
    await ledger.end()
    expect(await readLedgers(folder)).toEqual([])
    fill(1000)
  }
})

test('a ledger of another user is kept and reported', async () => {
  const ledger = EnvironmentLedger.begin(randomUUID(), folder)
  const { identifier } = ledger
  const recorded = await ledger.record({
    kind: 'folder',
    what: 'a',
    payload: { path: '/x' },
    isLasting: true,
  })
  chownSync(join(folder, `${identifier}.jsonl`), 65_534, 65_534)
  expect(await readLedger(folder, identifier)).toMatchObject({ why: 'it belongs to another user' })
  await recorded.undone()
  await ledger.end()
})
