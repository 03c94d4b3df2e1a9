import { resolve } from 'node:path'
import {
  type Domain,
  DomainUndefineFlags,
  type Hypervisor,
  type Network,
  type StoragePool,
} from '@see/libvirt'
import type { z } from 'zod'
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
  ResourcesParameters,
  VncServer,
} from '../resources.ts'
import type { SeeContext } from '../see-context.ts'
import type { Freezable } from '../templates/freezable.ts'
import { identityOf } from '../templates/identity.ts'
import type { TemplateMachine } from '../templates/manifest.ts'
import type { Monitor } from '../templates/monitor.ts'
import { TemplateClone } from '../templates/template-clone.ts'
import { capturePoint } from './capture-point.ts'
import type { DiskImage } from './disk-image.ts'
import { fetchImage } from './fetched-image.ts'
import { type GuestsStorage, makeGuestsStorage } from './guest-disk.ts'
import { hasConsoleIn, vncServerIn } from './domain-devices.ts'
import { type DomainEdit, type EditedDomain, editDomainXml, freshMacAddress } from './domain-xml.ts'
import { libvirtAgentChannel } from './libvirt-agent.ts'
import { attachFile } from './libvirt-disk.ts'
import { warnOfLegacyName } from './legacy-name.ts'
import { defineDomain } from './libvirt-domain.ts'
import { openHypervisor } from './libvirt-hypervisor.ts'
import { bootFilesIn } from './libvirt-template/domain-machine.ts'
import { domainInMemoryFile } from './libvirt-template/domain-in-memory-file.ts'
import { definedMachine, templateMachine } from './libvirt-template/template-machine.ts'
import { identityPort } from './libvirt-template/identity-port.ts'
import { libvirtMonitor } from './libvirt-template/libvirt-monitor.ts'
import { qemuGroup } from './libvirt-template/qemu-group.ts'
import { interfaceOn, makeNetwork } from './make-network.ts'
import { isMade, planNetwork } from './network-plan.ts'
import { type QemuConfiguration, qemuSchema } from './qemu-configuration.ts'
import { together } from './together.ts'
import { orInvalid, readXml } from './user-xml.ts'

const { managedSave, snapshotsMetadata, nvram, checkpointsMetadata } = DomainUndefineFlags
const undefineFlags = managedSave | snapshotsMetadata | nvram | checkpointsMetadata

/** What exists once everything is allocated. */
interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: Domain
  readonly network: Network | undefined
  /** The guest's on a shared network. */
  readonly address: string | undefined
  readonly storage: GuestsStorage | undefined
  /** The user's files that the guest is made from. */
  readonly inputs: readonly string[]
  /** Of a guest that is to become a template. */
  readonly group: number | undefined
}

/** What is the environment's own in its domain's XML. */
interface GuestEdit extends Pick<DomainEdit, 'network' | 'macAddress'> {
  /** The path of the disk. */
  readonly clone: string
  readonly base?: { readonly path: string; readonly format: string } | undefined
}

/** A QEMU guest through libvirt: its domain and disk, and its network unless it shares one, named after the environment. */
export class QemuResources implements Freezable {
  static readonly schema = qemuSchema
  readonly #identifier: string
  readonly #configuration: QemuConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #memoryFile: string | undefined
  readonly #releases = new ReleaseStack()
  #allocated: Allocated | undefined
  #edited: EditedDomain | undefined
  #hasDhcp = false

  /** @param memoryFile the file in which the memory is to be, of a guest that is to become a template */
  constructor(
    { identifier, configuration, folder, logger }: ResourcesParameters<QemuConfiguration>,
    memoryFile?: string,
  ) {
    this.#memoryFile = memoryFile
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
    const isLeased = this.network === undefined ? this.#edited?.isOnNetwork === true : this.#hasDhcp
    return isLeased ? 'lease' : 'agent'
  }

  get agentChannel(): AgentChannel | undefined {
    return this.#edited?.hasAgent === true ? libvirtAgentChannel(this.domain) : undefined
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`, `IMAGE_INVALID`,
   * `STORAGE_FAILED`, `HYPERVISOR_UNREACHABLE`, `TEMPLATE_MISSING` or `TEMPLATE_INVALID`
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
      disk === undefined
        ? undefined
        : fetchImage(disk.image, { folder: this.#folder, logger: this.#logger, signal }),
      openHypervisor(uri, this.#identifier, this.#releases, signal),
    )
    const inputs = [...(image === undefined ? [] : [image.path]), ...bootFilesIn(domainXml)]
    const clone = await this.#clone(inputs)
    const group = this.#memoryFile === undefined ? undefined : await qemuGroup(hypervisor)
    signal.throwIfAborted()
    const source = clone?.disk ?? image
    const overlay = disk?.clone.copy_on_write === true ? await clone?.readOverlay() : undefined
    const [made, storage] = await together(
      isMade(plan) ? makeNetwork(hypervisor, guest, plan, this.#releases) : undefined,
      source === undefined ? undefined : this.#makeDisk(hypervisor, { image: source, overlay }, signal),
    )
    signal.throwIfAborted()
    const edited = this.#editDomain(domainFile, domainXml, {
      clone: storage?.clone ?? '',
      base: disk?.clone.copy_on_write === true ? clone?.disk : undefined,
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
    const defined = await defineDomain(hypervisor, definition, this.#releases)
    const memory = this.#memoryFile === undefined ? clone?.memory : { path: this.#memoryFile, isClone: false }
    const identity = identityOf(this.#identifier, edited.macAddress)
    const domain =
      memory === undefined || storage === undefined
        ? defined
        : await domainInMemoryFile(defined, {
            memory,
            clone,
            identity,
            disk: storage.clone,
            file: domainFile,
          })
    this.#hasDhcp = isMade(plan) && plan.hasDhcp
    this.#edited = edited
    const { network: on, address } = made ?? { network: undefined, address: undefined }
    this.#allocated = { hypervisor, domain, network: on, address, storage, inputs, group }
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

  async hasOpenIdentityPort(): Promise<boolean> {
    return (await identityPort(this.domain))?.isConnected === true
  }

  async memoryMib(): Promise<number> {
    return (await definedMachine(this.domain)).memory_mib
  }

  get inputs(): readonly string[] {
    return this.#resources().inputs
  }

  get templateGroup(): number | undefined {
    return this.#resources().group
  }

  get monitor(): Monitor {
    return libvirtMonitor(this.domain)
  }

  get diskFile(): string | undefined {
    return this.#resources().storage?.clone
  }

  templateMachine(): Promise<TemplateMachine> {
    return templateMachine(this.domain)
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(file: string, xml: string, { clone, base, network, macAddress }: GuestEdit): EditedDomain {
    return orInvalid('DOMAIN_XML_INVALID', file, () =>
      editDomainXml(xml, {
        identifier: this.#identifier,
        disk: this.#configuration.disk === undefined ? undefined : { path: clone, format: 'qcow2', base },
        network,
        macAddress,
      }),
    )
  }

  async #clone(inputs: readonly string[]): Promise<TemplateClone | undefined> {
    const { template } = this.#configuration
    if (template === undefined || this.#memoryFile !== undefined) return undefined
    return await TemplateClone.open(template, inputs, { provider: 'libvirt' })
  }

  #makeDisk(
    hypervisor: Hypervisor,
    base: { readonly image: DiskImage; readonly overlay: Buffer | undefined },
    signal: AbortSignal,
  ): Promise<GuestsStorage> {
    const { clone } = this.#configuration.disk ?? {}
    const parent = clone?.storage_pool_path
    const folder = parent === undefined ? undefined : resolve(this.#folder, parent)
    const wanted = {
      identifier: this.#identifier,
      folder,
      copyOnWrite: clone?.copy_on_write ?? true,
      ...base,
    }
    return makeGuestsStorage(hypervisor, wanted, this.#releases, signal)
  }
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof qemuSchema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}
