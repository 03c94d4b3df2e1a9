import { z } from 'zod'
import type { Provider } from '../../../contract/provider.ts'
import { LxcResources } from './lxc.ts'

/** Only containers have folders mounted. */
const container = z.object({
  domain: z.object({ filesystem: z.unknown().refine((each) => each !== undefined) }),
})
import { libvirtLeftovers } from '../left/libvirt-leftovers.ts'

export const lxcProvider: Provider<typeof LxcResources.schema, LxcResources> = {
  name: 'lxc',
  title: 'LXC',
  schemes: ['lxc'],
  uri: 'lxc:///system',
  resources: LxcResources,
  abilities: ['agent', 'capture', 'console', 'ends'],
  recognises: (file) => container.safeParse(file).success,
  findings: async (host, signal) => (await import('./findings.ts')).findLxc(host, signal),
  leftovers: libvirtLeftovers(async () => {
    const { lxcUndoer } = await import('./lxc-undoer.ts')
    return lxcUndoer()
  }, ['libvirt-container', 'tap-device']),
}
