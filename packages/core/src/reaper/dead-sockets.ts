import { readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { ownersFolder } from '../ledger/ledger-folder.ts'
import { knock } from '../ledger/owner-state.ts'
import { readLedgers } from '../ledger/read-ledger.ts'

/** A process listens this soon after it has made its socket. */
const LISTENS_WITHIN_MS = 300
const MOST = 1000

/** Removes the sockets of owners that have ended and have nothing in a ledger any more. */
export async function removeDeadSockets(folder: string): Promise<void> {
  const owners = ownersFolder(folder)
  const names = (await readdir(owners).catch(() => [])).slice(0, MOST)
  const refused = await refusedOf(names.map((name) => join(owners, name)))
  if (refused.length === 0) return
  await sleep(LISTENS_WITHIN_MS)
  const dead = await refusedOf(refused)
  const readings = await readLedgers(folder)
  const needed = new Set(readings.map((each) => (each.state === 'read' ? each.content.owner.socket : '')))
  await Promise.all(dead.filter((path) => !needed.has(path)).map((path) => rm(path, { force: true })))
}

/** Those at which no process listens. */
async function refusedOf(paths: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(paths.map(async (path) => ({ path, answer: await knock(path) })))
  return answers.filter(({ answer }) => answer === 'refused').map(({ path }) => path)
}
