import { abilities } from '../../../contract/abilities.ts'
import type { Provider } from '../../../contract/provider.ts'
import type { FreezableQemu } from './freezable-qemu.ts'
import { QemuResources } from './qemu.ts'
import type { qemuSchema } from './qemu-configuration.ts'

export const qemuProvider: Provider<typeof qemuSchema, QemuResources, FreezableQemu> = {
  name: 'qemu',
  title: 'QEMU',
  schemes: ['qemu'],
  uri: 'qemu:///system',
  resources: QemuResources,
  abilities,
  findings: async (host, signal) => (await import('./findings.ts')).findQemu(host, signal),
  freeze: async (parameters, memoryFile) => {
    const { FreezableQemu } = await import('./freezable-qemu.ts')
    const { identity } = parameters.configuration
    return { sandbox: new FreezableQemu(parameters, memoryFile), identity }
  },
}
