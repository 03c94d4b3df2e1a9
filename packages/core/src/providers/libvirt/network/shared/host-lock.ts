import { rm } from 'node:fs/promises'
import { timeoutSignal } from '../../../../common/timeout-signal.ts'
import { messageOf, SeeError } from '../../../../common/errors.ts'
import { lockFile } from '../../../../host/file-lock.ts'

const TIMEOUT_MS = 30_000

/** Does the work while no other process on this host has the lock; the work may remove its file. */
export async function withHostLock<Result>(
  path: string,
  work: () => Promise<Result>,
  signal?: AbortSignal,
): Promise<Result> {
  for (;;) {
    await using lock = await held(path, signal)
    if (lock.isCurrent) return await work()
  }
}

/** So that nothing is left of it; those that wait for it find out and make another. */
export function removeHostLock(path: string): Promise<void> {
  return rm(path, { force: true })
}

async function held(path: string, signal?: AbortSignal): ReturnType<typeof lockFile> {
  const late = timeoutSignal(TIMEOUT_MS)
  try {
    return await lockFile(path, signal === undefined ? late : AbortSignal.any([signal, late]))
  } catch (error) {
    signal?.throwIfAborted()
    const message = `cannot lock the shared network: ${messageOf(error)}; see who holds it: fuser ${path}`
    throw new SeeError('NETWORK_INVALID', message, { cause: error })
  }
}
