import { rm } from 'node:fs/promises'
import { readLedgers } from '../ledger/read-ledger.ts'

/** A process writes the first line right after it has made the file. */
const WRITTEN_WITHIN_MS = 60_000

/** Removes ledgers without a whole line, of processes that were killed before they had made anything. */
export async function removeTornLedgers(folder: string): Promise<void> {
  for (const reading of await readLedgers(folder)) {
    if (reading.state !== 'torn' || Date.now() - reading.modifiedMs < WRITTEN_WITHIN_MS) continue
    await rm(reading.path, { force: true })
  }
}
