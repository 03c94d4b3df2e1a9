import type { Provider } from '../../../contract/provider.ts'
import { VboxResources } from './vbox.ts'

export const vboxProvider: Provider<typeof VboxResources.schema, VboxResources> = {
  name: 'vbox',
  title: 'VirtualBox',
  schemes: ['vbox'],
  uri: 'vbox:///session',
  resources: VboxResources,
  abilities: ['console', 'memory', 'screen'],
}
