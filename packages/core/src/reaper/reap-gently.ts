import { timeoutSignal } from '../common/timeout-signal.ts'
import { ledgerFolder } from '../ledger/ledger-folder.ts'
import { removeDeadSockets } from './dead-sockets.ts'
import { listRecorded } from './list-environments.ts'
import { reapEach } from './reap.ts'
import { removeTornLedgers } from './torn-ledgers.ts'
import { Undoers } from './undoers.ts'

const PAUSE_MS = 60_000
const TIMEOUT_MS = 20_000
/** The next one goes on with the rest. */
const MOST = 100
/** What another reaper has is left to it. */
const PATIENCE_MS = 1000

let last: { readonly atMs: number; readonly done: Promise<void> } | undefined

/**
 * Undoes what is in ledgers of processes that were killed, once a minute at most. It fails silently: the next environment
 * tries again, and `see reap` says why.
 * @returns when it has ended
 */
export function reapGently(): Promise<void> {
  if (last !== undefined && performance.now() - last.atMs < PAUSE_MS) return last.done
  const done = reapNow(ledgerFolder()).catch(() => undefined)
  last = { atMs: performance.now(), done }
  return done
}

async function reapNow(folder: string): Promise<void> {
  const left = (await listRecorded(folder)).filter(({ state }) => state === 'left').slice(0, MOST)
  if (left.length > 0) {
    await using undoers = new Undoers()
    const options = { undoers, folder, patienceMs: PATIENCE_MS, settleMs: 0 }
    const signal = timeoutSignal(TIMEOUT_MS)
    await reapEach(left, { ...options, signal })
    await undoers.sweep({ signal })
  }
  await removeTornLedgers(folder)
  await removeDeadSockets(folder)
}
