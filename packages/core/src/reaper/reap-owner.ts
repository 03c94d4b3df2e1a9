import { poll } from '../common/poll.ts'
import type { UndoOptions } from '../contract/left.ts'
import { knock } from '../ledger/owner-state.ts'
import { removeDeadSockets } from './dead-sockets.ts'
import { listRecorded } from './list-environments.ts'
import { reapEach } from './reap.ts'
import { Undoers } from './undoers.ts'

/** A process that was killed is gone a moment after its pipe is closed. */
const ENDED_WITHIN_MS = 5000
const PATIENCE_MS = 60_000
/** A daemon may carry out what the process asked for while it was killed. */
const SETTLE_MS = 1500

/**
 * Undoes what one process left that has only just ended.
 * @param socket the one at which it listened
 * @throws SeeError `LEDGER_UNUSABLE`, or the signal's reason
 */
export async function reapOwner(folder: string, socket: string, { signal }: UndoOptions): Promise<void> {
  const ended = async () => ((await knock(socket)) === 'open' ? undefined : true)
  await poll(ended, () => new Error(`a process still listens at ${socket}`), {
    timeoutMs: ENDED_WITHIN_MS,
    intervalMs: 5,
    signal,
  })
  await using undoers = new Undoers()
  const recorded = await listRecorded(folder)
  const left = recorded.filter(({ state, owner }) => state === 'left' && owner?.socket === socket)
  await reapEach(left, { undoers, folder, signal, patienceMs: PATIENCE_MS, settleMs: SETTLE_MS })
  await undoers.sweep({ signal })
  await removeDeadSockets(folder)
}
