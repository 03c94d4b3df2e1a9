import type { z } from 'zod'
import { didYouMean } from '../common/nearest.ts'
import type { Journal } from '../common/journal.ts'
import type { Logger } from '../common/logger.ts'
import type { Configuration } from '../configuration/configuration.ts'
import { type ContextFactory, contextFactory } from '../context/context-factory.ts'
import type { FreezableSandbox, Provider } from '../contract/provider.ts'
import type { Resources } from '../contract/resources.ts'
import type { Freezable } from '../templates/freezable.ts'
import { embeddedProvider } from './embedded/provider.ts'
import { lxcProvider } from './libvirt/lxc/provider.ts'
import { qemuProvider } from './libvirt/qemu/provider.ts'
import { vboxProvider } from './libvirt/vbox/provider.ts'

type Described = Omit<Provider<z.ZodType, Resources>, 'resources' | 'freeze'>

/** A provider in the list of providers. */
export interface RegisteredProvider extends Described {
  /** Schema of its resources files. */
  readonly schema: z.ZodType
  /**
   * The factory of contexts for a resources file.
   * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
   */
  contexts(file: string): ContextFactory
  /** Undefined for a provider without templates. @throws SeeError `CONFIGURATION_INVALID` */
  readonly freeze:
    | ((
        source: Configuration,
        own: OwnParameters,
        memoryFile: string,
      ) => Promise<FreezableSandbox<Freezable>>)
    | undefined
}

/** What a sandbox does not have from its resources file. */
export interface OwnParameters {
  readonly identifier: string
  readonly journal?: Journal | undefined
  readonly logger: Logger
}

const qemu = registered(qemuProvider)

/** The one list of providers. */
const providers: RegisteredProvider[] = [
  registered(embeddedProvider),
  qemu,
  registered(lxcProvider),
  registered(vboxProvider),
]

/** The provider of resources files without a "hypervisor" that no other one recognises. */
export function defaultProvider(): RegisteredProvider {
  return qemu
}

/** All providers, in the order in which they were registered. */
export function registeredProviders(): readonly RegisteredProvider[] {
  return [...providers]
}

/**
 * Adds a provider, for this process: its resources files are taken from then on wherever a provider is chosen by the scheme
 * of "hypervisor". Disposing of the result takes it out of the list again.
 * @throws TypeError when another provider has its name or one of its schemes
 */
export function registerProvider<Schema extends z.ZodType, R extends Resources, Frozen extends Freezable>(
  provider: Provider<Schema, R, Frozen>,
): Disposable {
  const taken = providers.find(({ name, schemes }) => {
    return name === provider.name || schemes.some((scheme) => provider.schemes.includes(scheme))
  })
  if (taken !== undefined) {
    throw new TypeError(
      `the provider ${provider.name} has the name or a scheme of the provider ${taken.name}`,
    )
  }
  const added = registered(provider)
  providers.push(added)
  return {
    [Symbol.dispose]: () => {
      const index = providers.indexOf(added)
      if (index >= 0) providers.splice(index, 1)
    },
  }
}

/**
 * The provider of a resources file, by the scheme of its "hypervisor", or else by its keys.
 * @throws SeeError `CONFIGURATION_INVALID` when no provider has the scheme
 */
export function providerOf(source: Configuration): RegisteredProvider {
  const scheme = schemeOf(source)
  if (scheme === undefined) {
    return providers.find(({ recognises }) => recognises?.(source.value) === true) ?? qemu
  }
  const found = providers.find(({ schemes }) => schemes.includes(scheme))
  if (found !== undefined) return found
  const known = providers.map(({ uri }) => uri).join(', ')
  const meant = didYouMean(
    scheme,
    providers.flatMap(({ schemes }) => schemes),
  )
  throw source.invalid(`"hypervisor": no provider has the scheme "${scheme}"${meant} (known: ${known})`, [
    'hypervisor',
  ])
}

/** Those of the stock providers, and any that was registered. */
export type HypervisorScheme = 'embedded' | 'qemu' | 'lxc' | 'vbox' | (string & {})

/**
 * The scheme of a configuration's "hypervisor", without the transport that may follow it; undefined where there is none, or
 * a value that is no text.
 * @throws SeeError `CONFIGURATION_INVALID` when no provider has it
 */
export function hypervisorScheme(configuration: Configuration): HypervisorScheme | undefined {
  const scheme = schemeOf(configuration)
  if (scheme !== undefined) providerOf(configuration)
  return scheme
}

function schemeOf({ value }: Configuration): string | undefined {
  const uri =
    typeof value === 'object' && value !== null && 'hypervisor' in value ? value.hypervisor : undefined
  return typeof uri === 'string' ? (uri.split(/[:+]/)[0] ?? '') : undefined
}

/** With the types of its configuration and resources closed over, so that all are in one list. */
function registered<Schema extends z.ZodType, R extends Resources, Frozen extends Freezable>(
  provider: Provider<Schema, R, Frozen>,
): RegisteredProvider {
  const { resources, freeze, ...rest } = provider
  const { schema } = resources
  return {
    ...rest,
    schema,
    contexts: (file) => contextFactory(resources, file),
    freeze:
      freeze === undefined
        ? undefined
        : async (source, own, memoryFile) => {
            const configuration = source.parse(schema)
            return await freeze({ ...own, folder: source.folder, configuration }, memoryFile)
          },
  }
}
