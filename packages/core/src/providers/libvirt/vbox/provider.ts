import type { Provider } from '../../../contract/provider.ts'
import { VboxResources } from './vbox.ts'
import { libvirtLeftovers } from '../left/libvirt-leftovers.ts'

export const vboxProvider: Provider<typeof VboxResources.schema, VboxResources> = {
  name: 'vbox',
  title: 'VirtualBox',
  schemes: ['vbox'],
  uri: 'vbox:///session',
  resources: VboxResources,
  // libvirt's driver for it opens no console and writes no memory.
  abilities: ['screen'],
  leftovers: libvirtLeftovers(async () => {
    const { LibvirtUndoer } = await import('../left/libvirt-undoer.ts')
    return new LibvirtUndoer(undefined)
  }),
}
