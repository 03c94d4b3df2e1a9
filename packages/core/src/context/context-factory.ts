import type { z } from 'zod'
import { Configuration } from '../configuration/configuration.ts'
import type { Context } from './context.ts'
import type { Logger } from '../common/logger.ts'
import { environmentBoundsMs } from '../common/bounds-ms.ts'
import { ReleaseStack, releaseAfter } from '../common/release-stack.ts'
import type { Resources, ResourcesClass } from '../contract/resources.ts'
import { SeeContext } from './see-context.ts'

export interface ContextFactoryOptions {
  readonly signal: AbortSignal
  readonly logger: Logger
}

/** Makes the context of an environment; the environment calls it once. */
export type ContextFactory<C extends Context = SeeContext> = (
  identifier: string,
  options: ContextFactoryOptions,
) => Promise<C>

/**
 * A factory of contexts over a class of resources. The configuration, a path of a JSON file or the object itself, is
 * read and checked immediately.
 * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
 */
export function contextFactory<Schema extends z.ZodType, R extends Resources>(
  Class: ResourcesClass<Schema, R>,
  configuration: string | (z.input<Schema> & object),
): ContextFactory<SeeContext<R>> {
  const source = Configuration.load(configuration)
  source.parse(Class.schema)
  return async (identifier, { signal, logger }) => {
    signal.throwIfAborted()
    // Once more, so that no sandbox sees what another did to its configuration.
    const parsed = source.parse(Class.schema)
    const { EnvironmentLedger } = await import('../ledger/environment-ledger.ts')
    const ledger = EnvironmentLedger.begin(identifier)
    const releases = new ReleaseStack()
    releases.defer('the ledger', () => ledger.end())
    try {
      const parameters = { identifier, configuration: parsed, folder: source.folder, logger }
      const resources = new Class({ ...parameters, journal: ledger })
      const end = () => ledger.endAfter(() => resources.deallocate())
      releases.defer('the sandbox', end, environmentBoundsMs.sandbox)
      await resources.allocate({ signal })
      return new SeeContext(identifier, resources, logger, end)
    } catch (error) {
      return await releaseAfter(error, () => releases.release())
    }
  }
}
