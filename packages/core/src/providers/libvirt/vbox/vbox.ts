import type { Domain, Hypervisor } from '@see/libvirt'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import type { AbilitiesWith } from '../../../contract/abilities.ts'
import { evidenceWarning } from '../../../contract/evidence-warning.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type { AllocateOptions, Resources, ResourcesParameters } from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import type { AllocatedGuest } from './allocate-guest.ts'
import { type VboxConfiguration, vboxSchema } from './vbox-configuration.ts'

/**
 * A VirtualBox guest through libvirt, named after the environment. Never tried with VirtualBox itself, only up to the
 * daemon's answer that it has none. What works with libvirt is loaded when it is used.
 */
export class VboxResources implements Resources {
  static readonly schema = vboxSchema
  readonly storagePool = undefined
  /** The domain's XML says what the guest is on. */
  readonly network = undefined
  /** libvirt's driver answers neither: waiting for an address fails immediately, and says so. */
  readonly addressSource = 'lease'
  readonly warnings = [
    evidenceWarning(
      'GUEST_UNWATCHED',
      'an unrequested end of the guest',
      'the ends of VirtualBox guests are not watched',
    ),
  ]
  readonly abilities: AbilitiesWith<'screen'> = {
    screen: { isConfigured: async () => true, capture: (options) => this.domain.screenshot(options) },
  }
  readonly #parameters: ResourcesParameters<VboxConfiguration>
  readonly #releases: ReleaseStack
  #allocated: AllocatedGuest | undefined

  constructor(parameters: ResourcesParameters<VboxConfiguration>) {
    this.#parameters = parameters
    this.#releases = new ReleaseStack(parameters.journal, 'vbox')
  }

  get hypervisor(): Hypervisor {
    return this.#resources().hypervisor
  }

  get domain(): Domain {
    return this.#resources().domain
  }

  get macAddress(): string | undefined {
    return this.#allocated?.macAddress
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `IMAGE_INVALID`, `IMAGE_REFUSED` or `HYPERVISOR_UNREACHABLE`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    const { allocateGuest } = await import('./allocate-guest.ts')
    this.#allocated = await allocateGuest({ ...this.#parameters, releases: this.#releases, signal })
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  #resources(): AllocatedGuest {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#parameters.identifier} are not allocated`)
  }
}

/** Makes contexts over VirtualBox guests; the configuration is the path of a JSON file or the object itself. */
export function vboxFactory(
  configuration: string | z.input<typeof vboxSchema>,
): ContextFactory<SeeContext<VboxResources>> {
  return contextFactory(VboxResources, configuration)
}
