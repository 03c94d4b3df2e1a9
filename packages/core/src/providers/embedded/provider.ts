import { abilities } from '../../contract/abilities.ts'
import type { Provider } from '../../contract/provider.ts'
import type { embeddedSchema } from './configuration/configuration.ts'
import { EmbeddedResources } from './embedded.ts'

export const embeddedProvider: Provider<typeof embeddedSchema, EmbeddedResources, EmbeddedResources> = {
  name: 'embedded',
  title: 'Embedded QEMU',
  schemes: ['embedded'],
  uri: 'embedded:///',
  resources: EmbeddedResources,
  abilities,
  findings: async (host, signal) => (await import('./findings.ts')).findEmbedded(host, signal),
  freeze: async (parameters, memoryFile) => ({
    sandbox: new EmbeddedResources(parameters, memoryFile),
    identity: parameters.configuration.identity,
  }),
}
