import { environmentBoundsMs } from '../common/bounds-ms.ts'
import { messageOf } from '../common/errors.ts'
import type { Logger } from '../common/logger.ts'
import { untilAborted } from '../common/until-aborted.ts'
import type { ContextFactory, ContextFactoryOptions } from '../context/context-factory.ts'
import type { SeeContext } from '../context/see-context.ts'

/**
 * Has the sandbox made. A provider that does not stop when the signal aborts is left behind; what it makes after that is
 * released.
 * @throws what the factory throws, or the signal's reason
 */
export async function makeContext<C extends SeeContext>(
  factory: ContextFactory<C>,
  identifier: string,
  options: ContextFactoryOptions,
): Promise<C> {
  const { signal, logger } = options
  const making = factory(identifier, options)
  try {
    return await untilAborted(making, signal, { graceMs: environmentBoundsMs.undo })
  } catch (error) {
    if (error === signal.reason) releaseLater(making, error, logger)
    throw error
  }
}

function releaseLater(making: Promise<SeeContext>, reason: unknown, logger: Logger): void {
  making
    .then((context) => context.cleanup())
    .catch((error: unknown) => {
      if (error === reason) return
      logger.error({ err: error }, `what was made after the end could not be released: ${messageOf(error)}`)
    })
}
