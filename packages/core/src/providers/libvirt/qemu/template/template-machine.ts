import type { Domain } from '@see/libvirt'
import type { TemplateMachine } from '../../../../templates/manifest.ts'
import { qemuHost } from '../../../../templates/qemu-host.ts'
import type { DomainMachine } from './domain-machine.ts'
import { libvirtMonitor } from './libvirt-monitor.ts'

/** The parts of a running domain that must be the same for a guest that was frozen on another. */
export async function templateMachine(domain: Domain, machine: DomainMachine): Promise<TemplateMachine> {
  const { major, minor, release } = await domain.hypervisor.getLibVersion()
  return {
    ...machine,
    ...(await qemuHost(libvirtMonitor(domain), machine.accelerator)),
    provider: 'libvirt',
    libvirt_version: `${major}.${minor}.${release}`,
  }
}
