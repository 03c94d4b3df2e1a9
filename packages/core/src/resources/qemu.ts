import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
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
import { guestDisk } from './guest-disk.ts'
import { hasConsoleIn, vncServerIn } from './domain-devices.ts'
import { type DomainEdit, type EditedDomain, editDomainXml, freshMacAddress } from './domain-xml.ts'
import { imageProvider, imageSchema } from './image.ts'
import { libvirtAgentChannel } from './libvirt-agent.ts'
import { attachFile } from './libvirt-disk.ts'
import { defineDomain } from './libvirt-domain.ts'
import { openHypervisor } from './libvirt-hypervisor.ts'
import { cloneImage, createStoragePool } from './libvirt-storage.ts'
import { interfaceOn, isMade, makeNetwork, networkSchema, planNetwork } from './network-plan.ts'
import { orInvalid, readXml } from './user-xml.ts'

const path = z.string().min(1)

const schema = z.strictObject({
  $schema: z.string().optional(),
  /** libvirt's URI of the hypervisor. */
  hypervisor: path.default('qemu:///system'),
  /** `configuration` is the path of the domain's XML. */
  domain: z.strictObject({ configuration: path }),
  disk: z
    .strictObject({
      image: imageSchema,
      clone: z
        .strictObject({
          /** The folder in which each environment gets a folder of its own. */
          storage_pool_path: path.optional(),
          /** An overlay that holds only what the guest changes; else a copy of the whole image. */
          copy_on_write: z.boolean().default(true),
        })
        .prefault({}),
    })
    .optional(),
  network: networkSchema.optional(),
})

const { managedSave, snapshotsMetadata, nvram, checkpointsMetadata } = DomainUndefineFlags
const undefineFlags = managedSave | snapshotsMetadata | nvram | checkpointsMetadata

type QemuConfiguration = z.output<typeof schema>

/** What exists once everything is allocated. */
interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
  readonly network: Network | undefined
  readonly storagePool: StoragePool | undefined
  readonly disk: GuestDisk | undefined
}

/** A QEMU guest through libvirt: its domain, disk and network, all named after the environment. */
export class QemuResources implements Resources {
  static readonly schema = schema
  readonly #identifier: string
  readonly #configuration: QemuConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #macAddress = freshMacAddress()
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
    return this.#resources().storagePool
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
    const { disk, network: wanted } = this.#configuration
    const domainFile = resolve(this.#folder, this.#configuration.domain.configuration)
    const domainXml = await readXml(domainFile)
    const plan = await planNetwork(wanted, this.#folder)
    this.#editDomain(domainFile, domainXml, '', interfaceOn(plan, this.#identifier))
    const image = disk === undefined ? undefined : await this.#image(disk, signal)
    signal.throwIfAborted()
    // Calls that make something are not aborted half way: what they made would be nobody's.
    const hypervisor = await openHypervisor(this.#configuration.hypervisor, this.#releases, signal)
    const guest = { identifier: this.#identifier, macAddress: this.#macAddress }
    const made = isMade(plan) ? await makeNetwork(hypervisor, guest, plan, this.#releases) : undefined
    signal.throwIfAborted()
    const storagePool = image === undefined ? undefined : await this.#createPool(hypervisor)
    signal.throwIfAborted()
    const clone =
      image === undefined || storagePool === undefined
        ? undefined
        : await cloneImage(storagePool, image, disk?.clone.copy_on_write ?? true)
    signal.throwIfAborted()
    const interfaceEdit = interfaceOn(plan, this.#identifier, made?.filter)
    const edited = this.#editDomain(domainFile, domainXml, clone ?? '', interfaceEdit)
    const definition = { identifier: this.#identifier, file: domainFile, xml: edited.xml, undefineFlags }
    const domain = await defineDomain(hypervisor, definition, this.#releases)
    this.#hasDhcp = isMade(plan) && plan.hasDhcp
    this.#edited = edited
    const guests =
      storagePool === undefined || image === undefined ? undefined : guestDisk(storagePool, image)
    this.#allocated = { hypervisor, domain, network: made?.network, storagePool, disk: guests }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    if (this.storagePool !== undefined) return await attachFile(this.domain, this.storagePool, file)
    throw new SeeError('STORAGE_FAILED', 'a disk can be attached only where the configuration has a "disk"')
  }

  capturePoint(): Promise<CapturePoint | undefined> {
    return capturePoint(this.domain, this.#identifier)
  }

  async hasConsole(): Promise<boolean> {
    return hasConsoleIn(await this.domain.getXMLDesc())
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    return this.#resources().disk
  }

  async vncServer(): Promise<VncServer | undefined> {
    return vncServerIn(await this.domain.getXMLDesc())
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(file: string, xml: string, clone: string, network: DomainEdit['network']): EditedDomain {
    return orInvalid('DOMAIN_XML_INVALID', file, () =>
      editDomainXml(xml, {
        identifier: this.#identifier,
        disk: this.#configuration.disk === undefined ? undefined : { path: clone, format: 'qcow2' },
        network,
        macAddress: this.#macAddress,
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

  #createPool(hypervisor: Hypervisor): Promise<StoragePool> {
    const folder = this.#configuration.disk?.clone.storage_pool_path
    const parent = folder === undefined ? defaultPoolPath(hypervisor.uri) : resolve(this.#folder, folder)
    return createStoragePool(hypervisor, this.#identifier, parent, this.#releases)
  }
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof schema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}

/** Where libvirt keeps images itself; in session mode, the daemon is the user's own. */
function defaultPoolPath(uri: string): string {
  return uri.endsWith('/session') ? join(homedir(), '.cache', 'see', 'instances') : '/var/lib/libvirt/images'
}
