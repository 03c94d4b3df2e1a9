import { readdir, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { ownersFolder } from '../ledger/ledger-folder.ts'
import { knock } from '../ledger/owner-state.ts'
import { readLedgers } from '../ledger/read-ledger.ts'

/** A younger one may be of a process that is about to listen. */
const YOUNG_MS = 10_000
const MOST = 1000

/**
 * Removes the sockets of owners that have ended and have nothing in a ledger any more.
 * @param known sockets of owners that are known to have ended
 */
export async function removeDeadSockets(folder: string, known: readonly string[] = []): Promise<void> {
  const owners = ownersFolder(folder)
  const names = await readdir(owners).catch(() => [])
  if (names.length === 0) return
  const readings = await readLedgers(folder)
  const needed = new Set(readings.map((each) => (each.state === 'read' ? each.content.owner.socket : '')))
  for (const path of names.slice(0, MOST).map((name) => join(owners, name))) {
    if (needed.has(path) || (await knock(path)) !== 'refused') continue
    const facts = await stat(path).catch(() => undefined)
    if (facts === undefined) continue
    if (known.includes(path) || Date.now() - facts.mtimeMs > YOUNG_MS) await rm(path, { force: true })
  }
}
