import type { Hypervisor, Network } from '@see/libvirt'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import type { EvidenceBounds } from '../../../contract/evidence-bounds.ts'
import type { IsolationPlan } from '../../../contract/isolation.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type { AllocateOptions, Resources, ResourcesParameters } from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import type { AllocatedContainer } from './allocate-container.ts'
import { containerAbilities } from './container-abilities.ts'
import type { ContainerDomain } from './container-domain.ts'
import { type LxcConfiguration, lxcSchema } from './lxc-configuration.ts'

/**
 * An LXC container through libvirt: its domain, folders, and its network unless it shares one, named after the environment.
 * What works with libvirt is loaded when it is used.
 */
export class LxcResources implements Resources {
  static readonly schema = lxcSchema
  /** A container has no disks of its own. */
  readonly storagePool = undefined
  /** libvirt knows the addresses of containers by its DHCP servers only. */
  readonly addressSource = 'lease'
  readonly abilities = containerAbilities(() => this.#resources())
  readonly #parameters: ResourcesParameters<LxcConfiguration>
  readonly #releases: ReleaseStack
  #allocated: AllocatedContainer | undefined

  constructor(parameters: ResourcesParameters<LxcConfiguration>) {
    this.#parameters = parameters
    this.#releases = new ReleaseStack(parameters.journal, 'lxc')
  }

  get hypervisor(): Hypervisor {
    return this.#resources().hypervisor
  }

  get domain(): ContainerDomain {
    return this.#resources().domain
  }

  /** Undefined when the configuration names no network: the domain's XML says what the container is on. */
  get network(): Network | undefined {
    return this.#resources().network
  }

  get isReachable(): boolean {
    return this.#resources().sinkhole === undefined
  }

  get evidenceBounds(): EvidenceBounds {
    return this.#parameters.configuration.limits
  }

  get warnings(): readonly EvidenceWarning[] {
    return this.#allocated?.warnings ?? []
  }

  get macAddress(): string | undefined {
    return this.#allocated?.edited.macAddress
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`,
   * `STORAGE_FAILED` or `HYPERVISOR_UNREACHABLE`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    const { allocateContainer } = await import('./allocate-container.ts')
    this.#allocated = await allocateContainer({ ...this.#parameters, releases: this.#releases, signal })
  }

  async isolationPlan(): Promise<IsolationPlan | undefined> {
    const { libvirtIsolation } = await import('../network/isolation-plan.ts')
    const { network, isolation } = this.#parameters.configuration
    const hasInterface = network?.mode !== 'none'
    const neighbours = (await this.#resources().neighbours?.()) ?? []
    return libvirtIsolation(network, { hasInterface, neighbours, verify: isolation.verify })
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  #resources(): AllocatedContainer {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#parameters.identifier} are not allocated`)
  }
}

/** Makes contexts over LXC containers; the configuration is the path of a JSON file or the object itself. */
export function lxcFactory(
  configuration: string | z.input<typeof lxcSchema>,
): ContextFactory<SeeContext<LxcResources>> {
  return contextFactory(LxcResources, configuration)
}
