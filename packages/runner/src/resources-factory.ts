import { Configuration, type ContextFactory, providerOf } from '@see/core'

/**
 * The factory for a resources file, of the provider in whose list "hypervisor" is, or whose keys the file has.
 * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
 */
export function resourcesFactory(file: string): ContextFactory {
  return providerOf(Configuration.load(file)).contexts(file)
}
