import { abilities } from '../../../contract/abilities.ts'
import type { Provider } from '../../../contract/provider.ts'
import type { FreezableQemu } from './freezable-qemu.ts'
import { QemuResources } from './qemu.ts'
import type { qemuSchema } from './qemu-configuration.ts'
import { libvirtLeftovers } from '../left/libvirt-leftovers.ts'

export const qemuProvider: Provider<typeof qemuSchema, QemuResources, FreezableQemu> = {
  name: 'qemu',
  title: 'QEMU',
  schemes: ['qemu'],
  uri: 'qemu:///system',
  resources: QemuResources,
  abilities,
  findings: async (host, signal) => (await import('./findings.ts')).findQemu(host, signal),
  leftovers: libvirtLeftovers(async () => {
    const { LibvirtUndoer } = await import('../left/libvirt-undoer.ts')
    return new LibvirtUndoer({ provider: 'qemu', uri: 'qemu:///system', hasNetworks: true, beside: [] })
  }),
  freeze: async (parameters, memoryFile) => {
    const { FreezableQemu } = await import('./freezable-qemu.ts')
    const { identity } = parameters.configuration
    return { sandbox: new FreezableQemu(parameters, memoryFile), identity }
  },
}
