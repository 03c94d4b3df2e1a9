import type { Hypervisor, Network, StoragePool } from '@see/libvirt'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import type { EvidenceBounds } from '../../../contract/evidence-bounds.ts'
import type { IsolationPlan } from '../../../contract/isolation.ts'
import type { GuestClues } from '../../../contract/guest-clues.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type { AllocateOptions, Resources, ResourcesParameters } from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import type { TransientDomain } from '../domain/transient-domain.ts'
import type { AllocatedGuest } from './allocate-guest.ts'
import { guestAbilities } from './guest-abilities.ts'
import { type QemuConfiguration, qemuSchema } from './qemu-configuration.ts'

/**
 * A QEMU guest through libvirt: its domain and disk, and its network unless it shares one, named after the environment.
 * What works with libvirt is loaded when it is used.
 */
export class QemuResources implements Resources {
  static readonly schema = qemuSchema
  readonly abilities = guestAbilities(() => this.allocated)
  readonly clues: GuestClues = {
    hypervisorErrors: async () => {
      const { errorsInLog } = await import('./qemu-log.ts')
      return await errorsInLog(this.domain.name)
    },
    screenText: async (options) => {
      const { screenText } = await import('./screen-text.ts')
      return await screenText(this.domain, options)
    },
  }
  readonly #parameters: ResourcesParameters<QemuConfiguration>
  readonly #releases: ReleaseStack
  #allocated: AllocatedGuest | undefined

  constructor(parameters: ResourcesParameters<QemuConfiguration>) {
    this.#parameters = parameters
    this.#releases = new ReleaseStack(parameters.journal, 'qemu')
  }

  get hypervisor(): Hypervisor {
    return this.allocated.hypervisor
  }

  get domain(): TransientDomain {
    return this.allocated.domain
  }

  /** Undefined when the configuration names no disk. */
  get storagePool(): StoragePool | undefined {
    return this.allocated.storage?.pool
  }

  /** Undefined when the configuration names no network: the domain's XML says what the guest is on. */
  get network(): Network | undefined {
    return this.allocated.network
  }

  get evidenceBounds(): EvidenceBounds {
    return this.#parameters.configuration.limits
  }

  get warnings(): readonly EvidenceWarning[] {
    return this.#allocated?.warnings ?? []
  }

  get macAddress(): string | undefined {
    return this.#allocated?.macAddress
  }

  get isReachable(): boolean {
    return this.allocated.sinkhole === undefined
  }

  get addressSource(): 'lease' | 'agent' {
    return this.allocated.addressSource
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`, `IMAGE_INVALID`,
   * `IMAGE_REFUSED`, `STORAGE_FAILED`, `HYPERVISOR_UNREACHABLE`, `TEMPLATE_MISSING` or `TEMPLATE_INVALID`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    const { allocateGuest } = await import('./allocate-guest.ts')
    const { memoryFile } = this
    this.#allocated = await allocateGuest({
      ...this.#parameters,
      memoryFile,
      releases: this.#releases,
      signal,
    })
  }

  async isolationPlan(): Promise<IsolationPlan | undefined> {
    const { libvirtIsolation } = await import('../network/isolation-plan.ts')
    const { network, isolation } = this.#parameters.configuration
    const hasInterface = network?.mode !== 'none'
    const neighbours = (await this.allocated.neighbours?.()) ?? []
    return libvirtIsolation(network, { hasInterface, neighbours, verify: isolation.verify })
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  /** The file in which the memory is kept, of a guest that is frozen into a template. */
  protected get memoryFile(): string | undefined {
    return undefined
  }

  protected get allocated(): AllocatedGuest {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#parameters.identifier} are not allocated`)
  }
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof qemuSchema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}
