import { Configuration, type ContextFactory, lxcFactory, qemuFactory, vboxFactory, z } from '@see/core'

const hypervisor = z.object({ hypervisor: z.string() })

/**
 * The factory for a resources file: the scheme of its "hypervisor", `lxc:` say, tells the provider; without one it is QEMU.
 * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
 */
export function resourcesFactory(file: string): ContextFactory {
  const found = hypervisor.safeParse(Configuration.load(file).value)
  const scheme = /^[a-z]+/.exec(found.success ? found.data.hypervisor : '')?.[0]
  if (scheme === 'lxc') return lxcFactory(file)
  if (scheme === 'vbox') return vboxFactory(file)
  return qemuFactory(file)
}
