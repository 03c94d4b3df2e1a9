import type { Provider } from '../../../contract/provider.ts'
import { VboxResources } from './vbox.ts'

export const vboxProvider: Provider<typeof VboxResources.schema, VboxResources> = {
  name: 'vbox',
  title: 'VirtualBox',
  schemes: ['vbox'],
  uri: 'vbox:///session',
  resources: VboxResources,
  // libvirt's driver for it opens no console and writes no memory.
  abilities: ['screen'],
}
