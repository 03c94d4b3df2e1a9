import { setMaxListeners } from 'node:events'
import type { LeftEntry } from '../contract/left.ts'
import { FileLocker } from '../host/file-locker.ts'
import { ledgerFolder } from '../ledger/ledger-folder.ts'
import { listFound, type ListOptions, listRecorded } from './list-environments.ts'
import type { ListedEnvironment, ReaperProblem } from './listed-environment.ts'
import { type ReapedEnvironment, reapEnvironment } from './reap-environment.ts'
import { removeDeadSockets } from './dead-sockets.ts'
import { removeTornLedgers } from './torn-ledgers.ts'
import { Undoers } from './undoers.ts'

/** Environments at a time: what is slow waits for daemons and disks. */
const SIDE_BY_SIDE = 16
/** How long another reaper of the same environment is waited for. */
const PATIENCE_MS = 60_000

export interface ReapOptions extends ListOptions {
  /** Only says what would be undone. */
  readonly dryRun?: boolean
  /** Called when an environment is done: how many are, of how many. */
  readonly onProgress?: (done: number, all: number, identifier: string) => void
}

/** What a reaper did, or would do. */
export interface ReapReport {
  readonly reaped: readonly ReapedEnvironment[]
  /** Ledgers that cannot be read, and what could not be asked. */
  readonly problems: readonly ReaperProblem[]
}

/**
 * Removes from this host what processes of this user left that were killed, or could not remove. What belongs to a process
 * that lives, to another host or to another user is not touched. Several may do so side by side.
 * @throws SeeError `LEDGER_UNUSABLE`, or the signal's reason
 */
export async function reap(options: ReapOptions): Promise<ReapReport> {
  const { signal, folder = ledgerFolder(), dryRun = false, onProgress = () => undefined } = options
  await using undoers = new Undoers()
  const recorded = await listRecorded(folder)
  const { found, problems } = await undoers.find({ signal })
  const listed = [...recorded, ...(await listFound(found, recorded, folder))]
  const unknown = listed.flatMap(({ identifier, problem }) =>
    problem === undefined ? [] : [{ what: `environment ${identifier}`, error: new Error(problem) }],
  )
  const left = listed.filter(({ state }) => state === 'left')
  const reaped = dryRun
    ? left.map(wouldReap)
    : await reapEach(left, { undoers, folder, signal, patienceMs: PATIENCE_MS, settleMs: 0 }, onProgress)
  if (!dryRun) {
    await undoers.sweep({ signal })
    await removeTornLedgers(folder)
    await removeDeadSockets(folder)
  }
  return { reaped, problems: [...unknown, ...problems] }
}

/** Some at a time, each of them once. */
export async function reapEach(
  left: readonly ListedEnvironment[],
  options: Omit<Parameters<typeof reapEnvironment>[1], 'locker'>,
  onProgress: NonNullable<ReapOptions['onProgress']> = () => undefined,
): Promise<readonly ReapedEnvironment[]> {
  const reaped: ReapedEnvironment[] = []
  const waiting = [...left]
  // Each wait listens to it, and Node warns of more than ten.
  setMaxListeners(0, options.signal)
  let done = 0
  const work = async (): Promise<void> => {
    await using locker = new FileLocker()
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const result = await reapEnvironment(next, { ...options, locker })
      if (result !== undefined) reaped.push(result)
      onProgress(++done, left.length, next.identifier)
    }
  }
  const working = Array.from({ length: Math.min(SIDE_BY_SIDE, left.length) }, work)
  await Promise.allSettled(working)
  await Promise.all(working)
  return reaped
}

function wouldReap({ identifier, holds }: ListedEnvironment): ReapedEnvironment {
  return { identifier, undone: holds.toReversed().map(({ what }: LeftEntry) => what), kept: [] }
}
