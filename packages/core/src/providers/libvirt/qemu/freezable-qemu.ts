import type { ResourcesParameters } from '../../../contract/resources.ts'
import type { Freezable } from '../../../templates/freezable.ts'
import type { TemplateMachine } from '../../../templates/manifest.ts'
import type { Monitor } from '../../../templates/monitor.ts'
import { QemuResources } from './qemu.ts'
import type { QemuConfiguration } from './qemu-configuration.ts'
import { type DomainMachine, domainMachine } from './template/domain-machine.ts'
import { identityPort } from './template/identity-port.ts'
import { libvirtMonitor } from './template/libvirt-monitor.ts'
import { templateMachine } from './template/template-machine.ts'

/** A QEMU guest through libvirt that will be frozen into a template. */
export class FreezableQemu extends QemuResources implements Freezable {
  readonly #memoryFile: string

  constructor(parameters: ResourcesParameters<QemuConfiguration>, memoryFile: string) {
    super(parameters)
    this.#memoryFile = memoryFile
  }

  protected override get memoryFile(): string {
    return this.#memoryFile
  }

  get inputs(): readonly string[] {
    return this.allocated.inputs
  }

  get templateGroup(): number | undefined {
    return this.allocated.group
  }

  get monitor(): Monitor {
    return libvirtMonitor(this.domain)
  }

  get diskFile(): string | undefined {
    return this.allocated.storage?.clone
  }

  get subnet(): undefined {
    return undefined
  }

  async hasOpenIdentityPort(): Promise<boolean> {
    return (await identityPort(this.domain))?.isConnected === true
  }

  async memoryMib(): Promise<number> {
    return this.#machine.memory_mib
  }

  templateMachine(): Promise<TemplateMachine> {
    return templateMachine(this.domain, this.#machine)
  }

  get #machine(): DomainMachine {
    return domainMachine(this.allocated.accepted)
  }
}
