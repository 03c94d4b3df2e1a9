import { resolve } from 'node:path'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../context/context-factory.ts'
import type { Abilities } from '../../contract/abilities.ts'
import type { EvidenceBounds } from '../../contract/evidence-bounds.ts'
import type { IsolationPlan } from '../../contract/isolation.ts'
import type { GuestClues } from '../../contract/guest-clues.ts'
import type { Logger } from '../../common/logger.ts'
import { ReleaseStack } from '../../common/release-stack.ts'
import type { AllocateOptions, ResourcesParameters } from '../../contract/resources.ts'
import type { SeeContext } from '../../context/see-context.ts'
import type { Freezable } from '../../templates/freezable.ts'
import type { TemplateMachine } from '../../templates/manifest.ts'
import type { Monitor } from '../../templates/monitor.ts'
import { freshMacAddress } from '../../common/mac-address.ts'
import { pickGuestSubnet, type Subnet } from '../../common/guest-subnet.ts'
import { GuestEnds } from '../../contract/guest-ends.ts'
import { type EmbeddedConfiguration, embeddedSchema } from './configuration/configuration.ts'
import type { AllocatedGuest, GuestCard } from './allocate-guest.ts'
import { guestAbilities } from './guest-abilities.ts'
import type { EmbeddedDomain } from './guest/embedded-domain.ts'
import { DISK_NAME } from './disk/disk-name.ts'
import { SANDBOX_GID } from '../../host/sandbox-user.ts'

/** QEMU as a child of this process: no daemon, and no rights that it does not need. */
export class EmbeddedResources implements Freezable {
  static readonly schema = embeddedSchema
  readonly addressSource = 'agent'
  /** Its network is inside of QEMU: this host reaches what "forward" says. */
  readonly isReachable = false
  readonly clues: GuestClues = {
    hypervisorErrors: async () => this.#resources().launcher.hypervisorErrors,
    screenText: async (options) => {
      const { screenText } = await import('./guest/screen-text.ts')
      return await screenText(this.domain.qemu.qmp, options)
    },
  }
  readonly abilities: Required<Abilities>
  readonly #identifier: string
  readonly #configuration: EmbeddedConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #memoryFile: string | undefined
  readonly #releases: ReleaseStack
  readonly #ends = new GuestEnds()
  readonly #hasInterface: boolean
  readonly #newCard: GuestCard = { subnet: pickGuestSubnet(), macAddress: freshMacAddress() }
  #allocated: AllocatedGuest | undefined

  /** @param memoryFile the file in which the memory is kept, of a guest that is frozen into a template */
  constructor(
    { identifier, configuration, folder, logger, journal }: ResourcesParameters<EmbeddedConfiguration>,
    memoryFile?: string,
  ) {
    this.#releases = new ReleaseStack(journal, 'embedded')
    this.#memoryFile = memoryFile
    this.#identifier = identifier
    this.#folder = folder
    this.#logger = logger
    const { machine, network } = configuration
    this.#configuration = {
      ...configuration,
      machine: {
        ...machine,
        kernel: this.#inFolder(machine.kernel),
        initrd: this.#inFolder(machine.initrd),
      },
    }
    this.#hasInterface = network.mode !== 'none'
    const wiring = { hasInterface: this.#hasInterface, hasVnc: machine.vnc, ends: this.#ends }
    this.abilities = guestAbilities(() => this.#resources(), wiring)
  }

  /** The subnet of the guest; undefined when it has no interface. */
  get network(): Subnet | undefined {
    return this.#hasInterface ? this.#card.subnet : undefined
  }

  get macAddress(): string | undefined {
    return this.#hasInterface ? this.#card.macAddress : undefined
  }

  get evidenceBounds(): EvidenceBounds {
    return this.#configuration.limits
  }

  /** The path of QEMU. */
  get hypervisor(): { readonly uri: string; readonly program: string } {
    return { uri: 'embedded:///', program: this.#resources().program }
  }

  get domain(): EmbeddedDomain {
    return this.#resources().domain
  }

  /** The folder that holds everything of this environment. */
  get storagePool(): { readonly path: string } {
    return this.#resources().folder
  }

  /**
   * Everything the user named is looked at before anything is made.
   * @throws SeeError `TOOL_MISSING`, `HYPERVISOR_FAILED`, `FILE_UNREADABLE`, `IMAGE_INVALID`, `IMAGE_REFUSED`, `NETWORK_INVALID`,
   * `STORAGE_FAILED`, `DISK_FULL`, `IDENTIFIER_TAKEN`, `TEMPLATE_MISSING` or `TEMPLATE_INVALID`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    // Loading all that runs guests takes a while, and importing this package should not.
    const { allocateGuest } = await import('./allocate-guest.ts')
    const { disk } = this.#configuration
    this.#allocated = await allocateGuest({
      identifier: this.#identifier,
      configuration: this.#configuration,
      parent: this.#inFolder(disk?.clone.storage_pool_path),
      folder: this.#folder,
      logger: this.#logger,
      memoryFile: this.#memoryFile,
      card: this.#newCard,
      ends: this.#ends,
      releases: this.#releases,
      signal,
    })
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  async isolationPlan(): Promise<IsolationPlan> {
    const { embeddedIsolation } = await import('./network/isolation-plan.ts')
    const { network, isolation } = this.#configuration
    return embeddedIsolation(network, { subnet: this.network, verify: isolation.verify })
  }

  get subnet(): string | undefined {
    return this.network?.network
  }

  async hasOpenIdentityPort(): Promise<boolean> {
    const { hasOpenIdentityPort } = await import('./qemu/identity-port.ts')
    return await hasOpenIdentityPort(this.domain.qemu.qmp)
  }

  async memoryMib(): Promise<number> {
    return this.#configuration.machine.memory
  }

  get templateGroup(): number | undefined {
    return this.#resources().folder.user === undefined ? undefined : SANDBOX_GID
  }

  get monitor(): Monitor {
    return this.domain.qemu.qmp
  }

  get diskFile(): string | undefined {
    const { inputs, folder } = this.#resources()
    return inputs.image === undefined ? undefined : folder.of(DISK_NAME)
  }

  /** The user's image, kernel and initial RAM disk. */
  get inputs(): readonly string[] {
    return this.#resources().inputs.files
  }

  async templateMachine(): Promise<TemplateMachine> {
    const { launcher, domain } = this.#resources()
    return await launcher.templateMachine(domain.qemu.qmp)
  }

  get #card(): GuestCard {
    return this.#allocated?.card ?? this.#newCard
  }

  #inFolder(path: string | undefined): string | undefined {
    return path === undefined ? undefined : resolve(this.#folder, path)
  }

  #resources(): AllocatedGuest {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }
}

/** Makes contexts over QEMU as a child; the configuration is the path of a JSON file or the object itself. */
export function embeddedFactory(
  configuration: string | z.input<typeof embeddedSchema>,
): ContextFactory<SeeContext<EmbeddedResources>> {
  return contextFactory(EmbeddedResources, configuration)
}
