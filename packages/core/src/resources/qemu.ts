import { resolve } from 'node:path'
import {
  type Domain,
  DomainUndefineFlags,
  type Hypervisor,
  type Network,
  type StoragePool,
} from '@see/libvirt'
import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../context-factory.ts'
import { SeeError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { ReleaseStack } from '../release-stack.ts'
import type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  CapturePoint,
  GuestDisk,
  Resources,
  ResourcesParameters,
  VncServer,
} from '../resources.ts'
import type { SeeContext } from '../see-context.ts'
import { capturePoint } from './capture-point.ts'
import { type DiskFormat, detectDiskFormat } from './disk-image.ts'
import { type GuestsStorage, makeGuestsStorage } from './guest-disk.ts'
import { hasConsoleIn, vncServerIn } from './domain-devices.ts'
import { type DomainEdit, type EditedDomain, editDomainXml, freshMacAddress } from './domain-xml.ts'
import { imageProvider, imageSchema } from './image.ts'
import { libvirtAgentChannel } from './libvirt-agent.ts'
import { attachFile } from './libvirt-disk.ts'
import { legacyName, warnOfLegacyName } from './legacy-name.ts'
import { defineDomain } from './libvirt-domain.ts'
import { openHypervisor } from './libvirt-hypervisor.ts'
import { interfaceOn, makeNetwork } from './make-network.ts'
import { isMade, networkSchema, planNetwork } from './network-plan.ts'
import { together } from './together.ts'
import { orInvalid, readXml } from './user-xml.ts'

const path = z.string().min(1)

const schema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  name: legacyName,
  hypervisor: path.default('qemu:///system').describe("libvirt's URI of the hypervisor."),
  domain: z
    .strictObject({ configuration: path.describe("The path of the domain's XML.") })
    .describe('The virtual machine.'),
  disk: z
    .strictObject({
      image: imageSchema.describe(
        'The image, which is never written: a path, or what a provider is to fetch.',
      ),
      clone: z
        .strictObject({
          storage_pool_path: path
            .optional()
            .describe(
              "The folder in which each environment gets a folder of its own; that of libvirt's images when not given.",
            ),
          copy_on_write: z
            .boolean()
            .default(true)
            .describe(
              '`true`: an overlay that holds only what the guest changes; `false`: a copy of the whole image.',
            ),
        })
        .prefault({})
        .describe('How each environment gets a disk of its own.'),
    })
    .optional()
    .describe("The guest's first disk; without it, the XML's own is used, and written to."),
  network: networkSchema
    .optional()
    .describe("What the guest's first interface is on; without it, what the domain's XML says."),
})

const { managedSave, snapshotsMetadata, nvram, checkpointsMetadata } = DomainUndefineFlags
const undefineFlags = managedSave | snapshotsMetadata | nvram | checkpointsMetadata

type QemuConfiguration = z.output<typeof schema>

/** What exists once everything is allocated. */
interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
  readonly network: Network | undefined
  /** The guest's on a shared network. */
  readonly address: string | undefined
  readonly storage: GuestsStorage | undefined
}

/** A QEMU guest through libvirt: its domain and disk, and its network unless it shares one, named after the environment. */
export class QemuResources implements Resources {
  static readonly schema = schema
  readonly #identifier: string
  readonly #configuration: QemuConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #releases = new ReleaseStack()
  #allocated: Allocated | undefined
  #edited: EditedDomain | undefined
  #hasDhcp = false

  constructor({ identifier, configuration, folder, logger }: ResourcesParameters<QemuConfiguration>) {
    this.#identifier = identifier
    this.#configuration = configuration
    this.#folder = folder
    this.#logger = logger
  }

  get hypervisor(): Hypervisor {
    return this.#resources().hypervisor
  }

  get domain(): Domain {
    return this.#resources().domain
  }

  /** Undefined when the configuration names no disk. */
  get storagePool(): StoragePool | undefined {
    return this.#resources().storage?.pool
  }

  /** Undefined when the configuration names no network: the domain's XML says what the guest is on. */
  get network(): Network | undefined {
    return this.#resources().network
  }

  get macAddress(): string | undefined {
    return this.#edited?.macAddress
  }

  get addressSource(): 'lease' | 'agent' {
    return this.network === undefined || this.#hasDhcp ? 'lease' : 'agent'
  }

  get agentChannel(): AgentChannel | undefined {
    return this.#edited?.hasAgent === true ? libvirtAgentChannel(this.domain) : undefined
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`, `IMAGE_INVALID`,
   * `STORAGE_FAILED` or `HYPERVISOR_UNREACHABLE`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    warnOfLegacyName(this.#configuration.name, this.#logger)
    const { disk, network: wanted, hypervisor: uri } = this.#configuration
    const domainFile = resolve(this.#folder, this.#configuration.domain.configuration)
    const domainXml = await readXml(domainFile)
    const plan = await planNetwork(wanted, { folder: this.#folder, uri })
    const guest = { identifier: this.#identifier, macAddress: freshMacAddress(), logger: this.#logger }
    const network = interfaceOn(plan, this.#identifier)
    this.#editDomain(domainFile, domainXml, { macAddress: guest.macAddress, clone: '', network })
    // Calls that make something are not aborted half way: what they made would be nobody's.
    const [image, hypervisor] = await together(
      disk === undefined ? undefined : this.#image(disk, signal),
      openHypervisor(uri, this.#identifier, this.#releases, signal),
    )
    signal.throwIfAborted()
    const [made, storage] = await together(
      isMade(plan) ? makeNetwork(hypervisor, guest, plan, this.#releases) : undefined,
      image === undefined ? undefined : this.#makeDisk(hypervisor, image, signal),
    )
    signal.throwIfAborted()
    const edited = this.#editDomain(domainFile, domainXml, {
      clone: storage?.clone ?? '',
      network: interfaceOn(plan, this.#identifier, made),
      macAddress: made?.macAddress ?? guest.macAddress,
    })
    const definition = {
      identifier: this.#identifier,
      file: domainFile,
      xml: edited.xml,
      undefineFlags,
      onStopped: () => made?.beginRelease(),
    }
    const domain = await defineDomain(hypervisor, definition, this.#releases)
    this.#hasDhcp = isMade(plan) && plan.hasDhcp
    this.#edited = edited
    this.#allocated = { hypervisor, domain, network: made?.network, address: made?.address, storage }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    if (this.storagePool !== undefined) return await attachFile(this.domain, this.storagePool, file)
    throw new SeeError('STORAGE_FAILED', 'a disk can be attached only where the configuration has a "disk"')
  }

  capturePoint(): Promise<CapturePoint | undefined> {
    return capturePoint(this.domain, this.#identifier, this.#resources().address)
  }

  async hasConsole(): Promise<boolean> {
    return hasConsoleIn(await this.domain.getXMLDesc())
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    return this.#resources().storage?.disk
  }

  async vncServer(): Promise<VncServer | undefined> {
    return vncServerIn(await this.domain.getXMLDesc())
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(
    file: string,
    xml: string,
    { clone, network, macAddress }: Pick<DomainEdit, 'network' | 'macAddress'> & { readonly clone: string },
  ): EditedDomain {
    return orInvalid('DOMAIN_XML_INVALID', file, () =>
      editDomainXml(xml, {
        identifier: this.#identifier,
        disk: this.#configuration.disk === undefined ? undefined : { path: clone, format: 'qcow2' },
        network,
        macAddress,
      }),
    )
  }

  async #image(
    { image }: NonNullable<QemuConfiguration['disk']>,
    signal: AbortSignal,
  ): Promise<{ path: string; format: DiskFormat }> {
    const provider = await imageProvider(image, this.#folder)
    const file = await provider.image({ signal, logger: this.#logger })
    return { path: file, format: await detectDiskFormat(file) }
  }

  #makeDisk(
    hypervisor: Hypervisor,
    image: { readonly path: string; readonly format: DiskFormat },
    signal: AbortSignal,
  ): Promise<GuestsStorage> {
    const { clone } = this.#configuration.disk ?? {}
    const parent = clone?.storage_pool_path
    const folder = parent === undefined ? undefined : resolve(this.#folder, parent)
    const wanted = { identifier: this.#identifier, folder, image, copyOnWrite: clone?.copy_on_write ?? true }
    return makeGuestsStorage(hypervisor, wanted, this.#releases, signal)
  }
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof schema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}
