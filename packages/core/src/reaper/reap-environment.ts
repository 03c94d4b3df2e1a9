import { rm } from 'node:fs/promises'
import { messageOf, SeeError } from '../common/errors.ts'
import { timeoutSignal } from '../common/timeout-signal.ts'
import { withTimeout } from '../common/with-timeout.ts'
import type { LeftEntry } from '../contract/left.ts'
import type { FileLocker } from '../host/file-locker.ts'
import { ledgerPath } from '../ledger/ledger-folder.ts'
import { LeftLedger } from '../ledger/left-ledger.ts'
import { readLedger } from '../ledger/read-ledger.ts'
import { stateOf } from './list-environments.ts'
import type { ListedEnvironment, ReaperProblem } from './listed-environment.ts'
import type { Undoers } from './undoers.ts'

const UNDONE_WITHIN_MS = 30_000

/** What became of one environment. */
export interface ReapedEnvironment {
  readonly identifier: string
  /** In words, in the order in which it was undone. */
  readonly undone: readonly string[]
  readonly kept: readonly ReaperProblem[]
}

export interface ReapEnvironmentOptions {
  readonly undoers: Undoers
  readonly locker: FileLocker
  readonly folder: string
  readonly signal: AbortSignal
  /** How long to wait for another reaper that has it, in milliseconds. */
  readonly patienceMs: number
  /** How long what its process asked for may still come into being, in milliseconds. */
  readonly settleMs: number
}

/**
 * Undoes what is left of an environment, last in, first out; then once more where something of it may still come into being.
 * Only one process at a time does that to one environment.
 * @returns undefined when another has done it, or it is not one that is left
 * @throws the signal's reason
 */
export async function reapEnvironment(
  environment: ListedEnvironment,
  options: ReapEnvironmentOptions,
): Promise<ReapedEnvironment | undefined> {
  const { folder, locker, patienceMs, signal } = options
  const { identifier, isRecorded, holds } = environment
  const path = ledgerPath(folder, identifier)
  const patience = timeoutSignal(patienceMs)
  try {
    await using lock = await locker
      .lock(path, AbortSignal.any([signal, patience]))
      .catch((error: unknown) => {
        throw patience.aborted ? busy(identifier, error) : error
      })
    if (!lock.isCurrent) return undefined
    const reading = await readLedger(folder, identifier)
    if (reading?.state === 'torn') {
      // The lock has made it, or its process ended before there was anything.
      const reaped = isRecorded ? undefined : await undoAll(identifier, holds.entries(), options)
      await rm(path, { force: true })
      return reaped
    }
    if (reading?.state !== 'read' || (await stateOf(reading.content)) !== 'left') return undefined
    await using left = await LeftLedger.open(reading.content, folder)
    const entries = reading.content.entries.map((each) => [each.entry, each] as const)
    return await undoAll(identifier, entries, options, (entry) => left.undone(entry))
  } catch (error) {
    signal.throwIfAborted()
    return { identifier, undone: [], kept: [{ what: `environment ${identifier}`, error }] }
  }
}

async function undoAll(
  identifier: string,
  entries: Iterable<readonly [number, LeftEntry]>,
  { undoers, signal, settleMs }: ReapEnvironmentOptions,
  strikeOut: (entry: number) => Promise<void> = async () => undefined,
): Promise<ReapedEnvironment> {
  const order = [...entries].toReversed()
  const settling = settleMs > 0 ? order.filter(([, entry]) => undoers.settles(entry)) : []
  const kept = new Map<number, ReaperProblem>()
  const undo = async (some: typeof order, forMs: number): Promise<void> => {
    for (const [number, entry] of some) {
      signal.throwIfAborted()
      const { what } = entry
      const late = () =>
        new SeeError('RELEASE_TIMEOUT', `releasing ${what} took longer than ${UNDONE_WITHIN_MS} ms`)
      try {
        const undoing = undoers.undo(identifier, entry, { signal, settleMs: forMs })
        await withTimeout(UNDONE_WITHIN_MS, undoing, late, signal)
        kept.delete(number)
        if (settling.length === 0) await strikeOut(number)
      } catch (error) {
        signal.throwIfAborted()
        kept.set(number, { what, error })
      }
    }
  }
  await undo(order, 0)
  if (settling.length > 0) {
    await undo(settling, settleMs)
    // What came into being late may have made some of it again.
    await undo(
      order.filter((each) => !settling.includes(each)),
      0,
    )
    for (const [number] of order) if (!kept.has(number)) await strikeOut(number)
  }
  const undone = order.filter(([number]) => !kept.has(number)).map(([, { what }]) => what)
  return { identifier, undone, kept: [...kept.values()] }
}

function busy(identifier: string, cause: unknown): SeeError {
  const message = `another process reaps ${identifier}, and has not ended in time`
  return new SeeError('UNDO_FAILED', message, { cause })
}

/** One line for people. */
export function problemText({ what, error }: ReaperProblem): string {
  const message = messageOf(error)
  return message.includes(what) ? message : `${what}: ${message}`
}
