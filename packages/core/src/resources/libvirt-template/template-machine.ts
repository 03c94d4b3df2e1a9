import { type Domain, DomainXMLFlags } from '@see/libvirt'
import type { TemplateMachine } from '../../templates/manifest.ts'
import { qemuHost } from '../../templates/qemu-host.ts'
import { type DomainMachine, domainMachine } from './domain-machine.ts'
import { libvirtMonitor } from './libvirt-monitor.ts'

/** What a domain is by its definition. */
export async function definedMachine(domain: Domain): Promise<DomainMachine> {
  return domainMachine(await domain.getXMLDesc({ flags: DomainXMLFlags.inactive }))
}

/** What a running domain is, as far as a guest that was frozen on another has to find it the same. */
export async function templateMachine(domain: Domain): Promise<TemplateMachine> {
  const defined = await definedMachine(domain)
  const { major, minor, release } = await domain.hypervisor.getLibVersion()
  return {
    ...defined,
    ...(await qemuHost(libvirtMonitor(domain), defined.accelerator)),
    provider: 'libvirt',
    libvirt_version: `${major}.${minor}.${release}`,
  }
}
