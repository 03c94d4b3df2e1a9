import { homedir } from 'node:os'
import { readFile } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { type Domain, DomainUndefineFlags, Hypervisor, type Network, type StoragePool } from '@see/libvirt'
import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../context-factory.ts'
import { messageOf, SeeError, type SeeErrorCode } from '../errors.ts'
import type { Logger } from '../logger.ts'
import { ReleaseStack } from '../release-stack.ts'
import type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  Resources,
  ResourcesParameters,
} from '../resources.ts'
import type { SeeContext } from '../see-context.ts'
import { type DiskFormat, detectDiskFormat } from './disk-image.ts'
import { type EditedDomain, editDomainXml } from './domain-xml.ts'
import { dynamicAddressSchema } from './dynamic-address.ts'
import { imageProvider, imageSchema } from './image.ts'
import { libvirtAgentChannel } from './libvirt-agent.ts'
import { attachFile } from './libvirt-disk.ts'
import { createNetwork } from './libvirt-network.ts'
import { cloneImage, createStoragePool } from './libvirt-storage.ts'
import { NetworkXml } from './network-xml.ts'

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
  network: z
    .strictObject({
      /** The path of the network's XML; a NAT network when not given. */
      configuration: path.optional(),
      dynamic_address: dynamicAddressSchema.optional(),
    })
    .optional(),
})

type QemuConfiguration = z.output<typeof schema>

/** What `network` says, read and checked. */
interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: z.output<typeof dynamicAddressSchema> | undefined
}

/** What exists once everything is allocated. */
interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
  readonly network: Network | undefined
  readonly storagePool: StoragePool | undefined
}

/** A QEMU guest through libvirt: its domain, disk and network, all named after the environment. */
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
    const { disk } = this.#configuration
    const domainFile = resolve(this.#folder, this.#configuration.domain.configuration)
    const domainXml = await readXml(domainFile)
    this.#editDomain(domainFile, domainXml, undefined)
    const plan = await this.#planNetwork()
    const image = disk === undefined ? undefined : await this.#image(disk, signal)
    signal.throwIfAborted()
    // Calls that make something are not aborted half way: what they made would be nobody's.
    const hypervisor = await this.#open(signal)
    const network = plan === undefined ? undefined : await this.#createNetwork(hypervisor, plan)
    signal.throwIfAborted()
    const storagePool = image === undefined ? undefined : await this.#createPool(hypervisor)
    signal.throwIfAborted()
    const clone =
      image === undefined || storagePool === undefined
        ? undefined
        : await cloneImage(storagePool, image, disk?.clone.copy_on_write ?? true)
    signal.throwIfAborted()
    const edited = this.#editDomain(domainFile, domainXml, clone)
    const domain = await this.#defineDomain(hypervisor, domainFile, edited.xml)
    this.#edited = edited
    this.#allocated = { hypervisor, domain, network, storagePool }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    if (this.storagePool !== undefined) return await attachFile(this.domain, this.storagePool, file)
    throw new SeeError('STORAGE_FAILED', 'a disk can be attached only where the configuration has a "disk"')
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(file: string, xml: string, clone: string | undefined): EditedDomain {
    return orInvalid('DOMAIN_XML_INVALID', file, () =>
      editDomainXml(xml, {
        identifier: this.#identifier,
        disk: this.#configuration.disk === undefined ? undefined : { path: clone ?? '', format: 'qcow2' },
        network: this.#configuration.network === undefined ? undefined : this.#identifier,
      }),
    )
  }

  async #planNetwork(): Promise<NetworkPlan | undefined> {
    const { network } = this.#configuration
    if (network === undefined) return undefined
    const { dynamic_address: dynamicAddress, configuration } = network
    const file = configuration === undefined ? undefined : resolve(this.#folder, configuration)
    const text = file === undefined ? undefined : await readXml(file)
    const xml = orInvalid('NETWORK_INVALID', file ?? 'network', () => new NetworkXml(text))
    if (dynamicAddress !== undefined && xml.hasIp) {
      throw new SeeError(
        'NETWORK_INVALID',
        `${file} has an <ip> element, and the configuration a dynamic_address: remove one of the two`,
      )
    }
    if (dynamicAddress === undefined && file === undefined) {
      throw new SeeError(
        'NETWORK_INVALID',
        'network needs a dynamic_address, a configuration (the path of an XML file), or both',
      )
    }
    return { xml, dynamicAddress }
  }

  async #image(
    { image }: NonNullable<QemuConfiguration['disk']>,
    signal: AbortSignal,
  ): Promise<{ path: string; format: DiskFormat }> {
    const provider = await imageProvider(image, this.#folder)
    const file = await provider.image({ signal, logger: this.#logger })
    return { path: file, format: await detectDiskFormat(file) }
  }

  async #open(signal: AbortSignal): Promise<Hypervisor> {
    try {
      const hypervisor = await Hypervisor.open(this.#configuration.hypervisor, { signal })
      this.#releases.defer('the connection to libvirt', () => hypervisor.close())
      return hypervisor
    } catch (error) {
      signal.throwIfAborted()
      throw new SeeError('HYPERVISOR_UNREACHABLE', messageOf(error), { cause: error })
    }
  }

  async #createNetwork(hypervisor: Hypervisor, { xml, dynamicAddress }: NetworkPlan): Promise<Network> {
    const network = await createNetwork(hypervisor, this.#identifier, xml, dynamicAddress)
    this.#hasDhcp = xml.hasDhcp || dynamicAddress !== undefined
    this.#releases.defer(`network ${this.#identifier}`, () => network.destroy())
    return network
  }

  #createPool(hypervisor: Hypervisor): Promise<StoragePool> {
    const folder = this.#configuration.disk?.clone.storage_pool_path
    const parent = folder === undefined ? defaultPoolPath(hypervisor.uri) : resolve(this.#folder, folder)
    return createStoragePool(hypervisor, this.#identifier, parent, this.#releases)
  }

  async #defineDomain(hypervisor: Hypervisor, file: string, xml: string): Promise<Domain> {
    try {
      const domain = await hypervisor.domainDefineXML(xml)
      this.#releases.defer(`domain ${this.#identifier}`, () => removeDomain(domain))
      return domain
    } catch (error) {
      throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, {
        cause: error,
      })
    }
  }
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof schema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}

async function removeDomain(domain: Domain): Promise<void> {
  if (await domain.isActive()) await domain.destroy()
  const { managedSave, snapshotsMetadata, nvram, checkpointsMetadata } = DomainUndefineFlags
  await domain.undefine({ flags: managedSave | snapshotsMetadata | nvram | checkpointsMetadata })
}

async function readXml(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}

function orInvalid<Result>(code: SeeErrorCode, where: string, parse: () => Result): Result {
  try {
    return parse()
  } catch (error) {
    throw new SeeError(code, `${where}: ${messageOf(error)}`, { cause: error })
  }
}

/** Where libvirt keeps images itself; in session mode, the daemon is the user's own. */
function defaultPoolPath(uri: string): string {
  return uri.endsWith('/session') ? join(homedir(), '.cache', 'see', 'instances') : '/var/lib/libvirt/images'
}
