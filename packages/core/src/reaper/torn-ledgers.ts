import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { socketOfUnfinished } from '../ledger/ledger-folder.ts'
import { knock } from '../ledger/owner-state.ts'
import { readLedgers } from '../ledger/read-ledger.ts'

/** A process writes the first line right after it has made the file. */
const WRITTEN_WITHIN_MS = 60_000

/** Removes ledgers without a whole line, of processes that were killed before they had made anything. */
export async function removeTornLedgers(folder: string): Promise<void> {
  for (const reading of await readLedgers(folder)) {
    if (reading.state !== 'torn' || Date.now() - reading.modifiedMs < WRITTEN_WITHIN_MS) continue
    await rm(reading.path, { force: true })
  }
  await removeUnfinished(folder)
}

/** Ledgers that had not got their names yet: each names its owner's socket, at which a living one listens. */
async function removeUnfinished(folder: string): Promise<void> {
  for (const name of await readdir(folder).catch(() => [])) {
    const socket = socketOfUnfinished(folder, name)
    if (socket === undefined) continue
    const path = join(folder, name)
    const answer = await knock(socket)
    if (answer === 'refused' || (answer === 'missing' && (await isOld(path)))) await rm(path, { force: true })
  }
}

/** Its owner's socket may have been removed by something else. */
async function isOld(path: string): Promise<boolean> {
  const facts = await lstat(path).catch(() => undefined)
  return facts !== undefined && Date.now() - facts.mtimeMs > WRITTEN_WITHIN_MS
}
