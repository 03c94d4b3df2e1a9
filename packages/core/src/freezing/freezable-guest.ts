import type { Configuration } from '../configuration/configuration.ts'
import type { FreezableSandbox } from '../contract/provider.ts'
import { type OwnParameters, providerOf, registeredProviders } from '../providers/registry.ts'
import type { Freezable } from '../templates/freezable.ts'
import { templateError } from '../templates/template-error.ts'

/**
 * The guest of a resources file, made by its provider to be frozen.
 * @param memoryFile the file that its memory is kept in
 * @throws SeeError `CONFIGURATION_INVALID`, or `TEMPLATE_BUILD` when its provider has no templates
 */
export async function freezableGuest(
  source: Configuration,
  name: string,
  memoryFile: string,
  own: OwnParameters,
): Promise<FreezableSandbox<Freezable>> {
  const provider = providerOf(source)
  if (provider.freeze !== undefined) {
    return await provider.freeze(source, own, memoryFile)
  }
  const others = registeredProviders().flatMap(({ freeze, uri }) => (freeze === undefined ? [] : [uri]))
  const why = `only guests of ${others.join(' and ')} can be frozen, and the resources file's hypervisor is of ${provider.name}`
  throw templateError('TEMPLATE_BUILD', name, why)
}
