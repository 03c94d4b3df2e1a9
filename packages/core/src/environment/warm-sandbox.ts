import { randomUUID } from 'node:crypto'
import type { ContextFactory } from '../context/context-factory.ts'
import { SeeError } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import { environmentBoundsMs } from '../common/bounds-ms.ts'
import { ReleaseStack, releaseAfter } from '../common/release-stack.ts'
import type { Resources } from '../contract/resources.ts'
import type { SeeContext } from '../context/see-context.ts'
import { unlessAborted } from '../common/with-timeout.ts'

const STATE_TIMEOUT_MS = 5000

/** Brings a sandbox that runs to where it is to wait. */
export type Prepare<R extends Resources> = (
  context: SeeContext<R>,
  options: { readonly signal: AbortSignal },
) => Promise<unknown>

export interface WarmingOptions<R extends Resources> {
  readonly prepare: Prepare<R>
  readonly timeoutMs: number
  readonly signal: AbortSignal
  readonly logger: Logger
}

/**
 * Makes a sandbox, powers it on, prepares it and pauses it, all without an event. On any failure, and when
 * aborted, it is released.
 */
export async function warmSandbox<R extends Resources>(
  factory: ContextFactory<SeeContext<R>>,
  { prepare, timeoutMs, signal, logger }: WarmingOptions<R>,
): Promise<SeeContext<R>> {
  const identifier = randomUUID()
  const bound = new AbortController()
  const expire = () =>
    bound.abort(
      new SeeError(
        'POOL_TIMEOUT',
        `sandbox ${identifier} of a warm pool was not ready within ${timeoutMs} ms`,
      ),
    )
  const timer = setTimeout(expire, timeoutMs)
  const ending = AbortSignal.any([signal, bound.signal])
  try {
    const context = await factory(identifier, { signal: ending, logger: logger.child({ identifier }) })
    try {
      // A start that is given up is undone by the domain.
      await context.domain.create({ signal: ending })
      await unlessAborted(ending, prepare(context, { signal: ending }))
      await context.domain.suspend({ signal: ending })
      // What the preparation left behind ends.
      context.abort()
      return context
    } catch (error) {
      return await releaseAfter(error, () => releaseSandbox(context))
    }
  } finally {
    clearTimeout(timer)
  }
}

/** Whether it still waits: one that does not answer is taken for dead. */
export async function standsStill(context: SeeContext): Promise<boolean> {
  return await context.state({ timeoutMs: STATE_TIMEOUT_MS }).then(
    (state) => state === 'paused',
    () => false,
  )
}

/** @throws AggregateError when it cannot be released, or not in time */
export async function releaseSandbox(context: SeeContext): Promise<void> {
  context.abort()
  const releases = new ReleaseStack()
  releases.defer(`sandbox ${context.identifier}`, () => context.cleanup(), environmentBoundsMs.sandbox)
  await releases.release()
}
