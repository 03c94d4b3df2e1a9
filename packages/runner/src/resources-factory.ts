import {
  Configuration,
  type ContextFactory,
  embeddedFactory,
  type HypervisorScheme,
  hypervisorScheme,
  lxcFactory,
  qemuFactory,
  vboxFactory,
  z,
} from '@see/core'

const factories: Record<HypervisorScheme, (file: string) => ContextFactory> = {
  embedded: embeddedFactory,
  qemu: qemuFactory,
  lxc: lxcFactory,
  vbox: vboxFactory,
}

const container = z.object({ domain: z.object({ filesystem: z.unknown().optional() }) })

/**
 * The factory for a resources file, chosen by the scheme of its "hypervisor"; without one it is LXC where file systems are
 * mounted, else QEMU.
 * @throws SeeError `CONFIGURATION_INVALID` or `FILE_UNREADABLE`
 */
export function resourcesFactory(file: string): ContextFactory {
  const source = Configuration.load(file)
  const scheme = hypervisorScheme(source) ?? (hasFileSystem(source) ? 'lxc' : 'qemu')
  return factories[scheme](file)
}

function hasFileSystem({ value }: Configuration): boolean {
  const found = container.safeParse(value)
  return found.success && found.data.domain.filesystem !== undefined
}
