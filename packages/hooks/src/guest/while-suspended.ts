import { messageOf, type SeeContext, SeeError } from '@see/core'

/** For the hypervisor, on a host with other work. */
const TIMEOUT_MS = 60_000

/**
 * Suspends a running guest during the work, without an event; another is left as it is. Only for
 * handlers that hold the event back: nothing else of the context may see the guest meanwhile.
 * @throws SeeError `CHECKPOINT_FAILED` when it cannot be suspended, or resumed; else what the work throws
 */
export async function whileSuspended(context: SeeContext, work: () => Promise<void>): Promise<void> {
  if ((await context.state()) !== 'running') return await work()
  try {
    await context.domain.suspend({ timeoutMs: TIMEOUT_MS }).catch(failed('be suspended'))
    await work()
  } finally {
    // Whatever came between: it may have been suspended although the hypervisor's answer was lost.
    if ((await context.state()) === 'paused')
      await context.domain.resume({ timeoutMs: TIMEOUT_MS }).catch(failed('be made to run on'))
  }
}

function failed(what: string): (error: unknown) => never {
  return (cause) => {
    throw new SeeError('CHECKPOINT_FAILED', `the guest cannot ${what}: ${messageOf(cause)}`, { cause })
  }
}
