import { rmdir } from 'node:fs/promises'
import { messageOf } from '../common/errors.ts'
import { isCoded } from '../common/is-coded.ts'
import { poll } from '../common/poll.ts'

/** A process that was killed leaves its group a moment later. */
const LEFT_WITHIN_MS = 3000

/**
 * Removes a control group, if it is there, once the last process has left it.
 * @throws Error when processes stay in it, or it may not be removed
 */
export async function removeGroup(path: string, signal?: AbortSignal): Promise<void> {
  let last: unknown
  const removed = async () => {
    try {
      await rmdir(path)
    } catch (error) {
      if (isCoded(error, 'ENOENT')) return true
      last = error
      return undefined
    }
    return true
  }
  await poll(removed, () => new Error(messageOf(last), { cause: last }), {
    timeoutMs: LEFT_WITHIN_MS,
    signal,
  })
}
