import {
  Configuration,
  type ContextFactory,
  embeddedFactory,
  lxcFactory,
  qemuFactory,
  vboxFactory,
  z,
} from '@see/core'

const telling = z.object({
  hypervisor: z.string().optional(),
  domain: z.object({ filesystem: z.unknown().optional() }).optional(),
})

/**
 * The factory for a resources file: the scheme of its "hypervisor", `lxc:` say, tells the provider; without one it is
 * LXC where file systems are mounted, else QEMU.
 * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
 */
export function resourcesFactory(file: string): ContextFactory {
  const found = telling.safeParse(Configuration.load(file).value)
  const { hypervisor, domain } = found.success ? found.data : {}
  const scheme = hypervisor ?? (domain?.filesystem === undefined ? 'qemu' : 'lxc')
  if (/^lxc\b/.test(scheme)) return lxcFactory(file)
  if (/^embedded\b/.test(scheme)) return embeddedFactory(file)
  if (/^vbox\b/.test(scheme)) return vboxFactory(file)
  return qemuFactory(file)
}
