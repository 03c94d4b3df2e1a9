import { isLibvirtError } from '@see/libvirt'
import { poll } from '../../../common/poll.ts'

/** libvirt's words while the process that supervises a container has not reported its init. */
const NOT_YET = 'Init process ID is not yet known'

/**
 * Asks libvirt to stop or restart a container, again and again while it does not know the container's init, which has just
 * begun.
 * @throws what `ask` throws; libvirt's refusal after `timeoutMs`
 */
export async function onceInitKnown(
  ask: () => Promise<void>,
  timeoutMs: number,
  signal?: AbortSignal,
): Promise<void> {
  let refusal = new Error(NOT_YET)
  const asked = async (): Promise<true | undefined> => {
    try {
      await ask()
      return true
    } catch (error) {
      if (!isLibvirtError(error) || !error.message.includes(NOT_YET)) throw error
      refusal = error
      return undefined
    }
  }
  await poll(asked, () => refusal, { timeoutMs, signal })
}
