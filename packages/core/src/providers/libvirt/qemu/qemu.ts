import { resolve } from 'node:path'
import { DomainUndefineFlags, type Hypervisor, type Network, type StoragePool } from '@see/libvirt'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import { SeeError } from '../../../common/errors.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import type { GuestListener } from '../../../contract/guest-end.ts'
import type { Logger } from '../../../common/logger.ts'
import { type DiskImage, layersOf } from '../../../disks/disk-image.ts'
import { assertReadableBy } from '../../../disks/file-reader.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  CaptureOptions,
  GuestDisk,
  InterfacesListener,
  OtherGuestDisk,
  PacketCapture,
  Resources,
  ResourcesParameters,
  VncServer,
} from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import { identityOf } from '../../../templates/identity.ts'
import { TemplateClone } from '../../../templates/template-clone.ts'
import { assertStartable } from '../domain/assert-startable.ts'
import { TemplateStore } from '../../../templates/template-store.ts'
import { acceptedDomain } from '../domain/accepted-domain.ts'
import { fetchImage } from '../../../images/fetched-image.ts'
import { guestInterfaces } from '../xml/guest-devices.ts'
import { type GuestsStorage, makeGuestsStorage } from '../storage/guest-disk.ts'
import { hasConsoleIn, hasScreenIn, interfacesIn, vncServerIn } from '../xml/domain-devices.ts'
import { type DomainEdit, type EditedDomain, editDomainXml, logChanges } from '../xml/domain-xml.ts'
import { libvirtAgentChannel } from '../domain/libvirt-agent.ts'
import { attachFile } from '../storage/attach-file.ts'
import { GuestWatch } from '../domain/guest-watch.ts'
import { warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { bootFilesIn, domainMachine } from './template/domain-machine.ts'
import { domainInMemoryFile } from './template/domain-in-memory-file.ts'
import { qemuUser } from '../../../disks/qemu-user.ts'
import { qemuGroup } from './template/qemu-group.ts'
import { templateXml } from './template/template-xml.ts'
import { interfaceOn, makeNetwork, othersOn } from '../network/make-network.ts'
import { isMade, planNetwork } from '../network/network-plan.ts'
import { type QemuConfiguration, qemuSchema } from './qemu-configuration.ts'
import { makeOverlays, type OtherDisk, overlaysIn, readOtherDisks } from '../storage/other-disk-overlays.ts'
import { otherDisks } from '../xml/other-disks.ts'
import { interfacesOnNetwork, otherInterfaces } from '../network/other-interfaces.ts'
import { forgetStateAtTheEnd } from '../domain/forget-state.ts'
import { copyVariables } from './firmware-variables.ts'
import { variablesToCopy } from '../xml/parts/kept-state.ts'
import { readableFiles } from '../xml/readable-files.ts'
import { together } from '../../../common/together.ts'
import { openSinkhole } from '../network/libvirt-sinkhole.ts'
import type { Sinkhole } from '../../sinkhole/sinkhole.ts'
import { stopAtTheEnd, TransientDomain } from '../domain/transient-domain.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { orInvalid } from '../xml/user-xml.ts'

/** In the place of the disk in XML that libvirt is only asked about. */
const UNMADE_DISK = '/dev/null'
/** Formats that domain XML has no name for. */
const UNKNOWN_TO_LIBVIRT = new Set(['vhdx'])

/** What exists once everything is allocated. */
export interface AllocatedGuest {
  readonly hypervisor: Hypervisor
  readonly domain: TransientDomain
  /** The XML of a guest of its kind, as libvirt itself writes it. */
  readonly accepted: string
  readonly network: Network | undefined
  /** The guest's on a shared network. */
  readonly address: string | undefined
  readonly storage: GuestsStorage | undefined
  /** The overlays of the XML's further disks. */
  readonly otherDisks: readonly OtherGuestDisk[]
  /** The user's files that the guest is made from. */
  readonly inputs: readonly string[]
  /** What the guest's network ends in, in the mode of that name. */
  readonly sinkhole: Sinkhole | undefined
  /** Of a guest that is to become a template. */
  readonly group: number | undefined
  readonly watch: GuestWatch
}

/** What is the environment's own in its domain's XML. */
interface GuestEdit
  extends Pick<DomainEdit, 'network' | 'macAddress' | 'others' | 'otherDisks' | 'readable' | 'variables'> {
  /** The path of the disk. */
  readonly clone: string
  /** The disk's backing chain. */
  readonly backing?: DiskImage | undefined
}

/** A QEMU guest through libvirt: its domain and disk, and its network unless it shares one, named after the environment. */
export class QemuResources implements Resources {
  static readonly schema = qemuSchema
  readonly #identifier: string
  readonly #configuration: QemuConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #releases = new ReleaseStack()
  #allocated: AllocatedGuest | undefined
  #edited: EditedDomain | undefined
  #hasDhcp = false
  #keepsCard = false
  #warnings: readonly EvidenceWarning[] = []

  constructor({ identifier, configuration, folder, logger }: ResourcesParameters<QemuConfiguration>) {
    this.#identifier = identifier
    this.#configuration = configuration
    this.#folder = folder
    this.#logger = logger
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

  get warnings(): readonly EvidenceWarning[] {
    return this.#warnings
  }

  get macAddress(): string | undefined {
    return this.#edited?.macAddress
  }

  get addressSource(): 'lease' | 'agent' {
    // The address that it goes on with, no DHCP server has given it here.
    if (this.#keepsCard) return 'agent'
    const isLeased = this.network === undefined ? this.#edited?.isOnNetwork === true : this.#hasDhcp
    return isLeased ? 'lease' : 'agent'
  }

  get agentChannel(): AgentChannel | undefined {
    return this.#edited?.hasAgent === true ? libvirtAgentChannel(this.domain) : undefined
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`, `IMAGE_INVALID`,
   * `IMAGE_REFUSED`, `STORAGE_FAILED`, `HYPERVISOR_UNREACHABLE`, `TEMPLATE_MISSING` or `TEMPLATE_INVALID`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    warnOfLegacyName(this.#configuration.name, this.#logger)
    const { disk, network: wanted, hypervisor: uri } = this.#configuration
    const domainFile = resolve(this.#folder, this.#configuration.domain.configuration)
    const domainXml = readUserXml(domainFile)
    const keptCard = await this.#keptCard()
    const ownNetwork = keptCard === undefined ? wanted : unshared(wanted)
    const plan = await planNetwork(ownNetwork, { folder: this.#folder, uri })
    this.#warnings = [
      ...orInvalid('DOMAIN_XML_INVALID', domainFile, () => otherDisks(domainXml, disk?.others)),
      ...otherInterfaces(domainXml, wanted, domainFile),
    ]
    const guest = {
      identifier: this.#identifier,
      macAddress: keptCard ?? freshMacAddress(),
      interfaces: interfacesOnNetwork(domainXml, wanted),
      logger: this.#logger,
    }
    const network = interfaceOn(plan, this.#identifier)
    const others = othersOn(plan, guest)
    const readOnly: 'read-only' | undefined = disk?.others === 'read-only' ? 'read-only' : undefined
    const planned = {
      macAddress: guest.macAddress,
      clone: UNMADE_DISK,
      network,
      others,
      otherDisks: readOnly,
    }
    const { xml } = this.#editDomain(domainFile, domainXml, planned)
    const users = orInvalid('DOMAIN_XML_INVALID', domainFile, () => variablesToCopy(domainXml))
    // Calls that make something are not aborted half way: what they made would be nobody's.
    const [image, hypervisor] = await together(
      disk === undefined
        ? undefined
        : fetchImage(disk, { folder: this.#folder, logger: this.#logger, signal }),
      openHypervisor(uri, this.#identifier, this.#releases, signal),
    )
    const kind = JSON.stringify([domainXml, disk?.others ?? null, wanted, this.#sharesMemory])
    const accepted = await acceptedDomain(hypervisor, {
      kind,
      file: domainFile,
      xml,
      flags: DomainUndefineFlags.keepNvram,
    })
    await assertStartable(hypervisor, {
      xml,
      file: domainFile,
      ownInterfaces: plan === undefined ? 0 : guest.interfaces,
    })
    const written = await this.#readOtherDisks(hypervisor, domainFile, domainXml)
    const inputs = [...(image === undefined ? [] : [image.path]), ...bootFilesIn(domainXml)]
    const clone = await this.#clone(inputs)
    const group = this.memoryFile === undefined ? undefined : await qemuGroup(hypervisor)
    const sunk = plan === 'sinkhole' ? await openSinkhole(hypervisor, this.#releases) : undefined
    signal.throwIfAborted()
    const source = clone?.disk ?? image
    const isOverlay = disk?.clone.copy_on_write === true
    if (source !== undefined) await assertUsable(hypervisor, source, isOverlay)
    const overlay = isOverlay ? await clone?.readOverlay() : undefined
    const [made, storage] = await together(
      isMade(plan) ? makeNetwork(hypervisor, guest, plan, this.#releases) : undefined,
      source === undefined ? undefined : this.#makeDisk(hypervisor, { image: source, overlay }, signal),
    )
    const overlays = storage === undefined ? undefined : await makeOverlays(storage.pool, written, signal)
    const variables = users === undefined ? undefined : await copyVariables(users, storage?.pool)
    signal.throwIfAborted()
    const edited = this.#editDomain(domainFile, domainXml, {
      clone: storage?.clone ?? '',
      backing: isOverlay ? source : undefined,
      network: interfaceOn(plan, this.#identifier, made, sunk?.port),
      macAddress: made?.macAddress ?? guest.macAddress,
      others: othersOn(plan, guest, made),
      otherDisks: readOnly ?? overlays,
      readable: await readableFiles(hypervisor, xml),
      variables,
    })
    logChanges(edited, domainFile, this.#logger)
    const hasOwnVariables = variables !== undefined
    forgetStateAtTheEnd(hypervisor, { accepted, xml: edited.xml, hasOwnVariables }, this.#releases)
    const memory = this.memoryFile === undefined ? clone?.memory : { path: this.memoryFile, isClone: false }
    const identity = identityOf(this.#identifier, edited.macAddress)
    const watch = new GuestWatch(hypervisor, this.#identifier)
    const domain =
      memory === undefined || storage === undefined
        ? new TransientDomain(hypervisor, this.#identifier, edited.xml, watch)
        : domainInMemoryFile(hypervisor, {
            identifier: this.#identifier,
            xml: edited.xml,
            watch,
            machine: domainMachine(accepted),
            memory,
            clone,
            identity,
            disk: storage.clone,
            file: domainFile,
          })
    const ending = { watch, stop: () => domain.destroy(), onStopped: () => made?.beginRelease() }
    stopAtTheEnd(domain, ending, this.#releases)
    this.#hasDhcp = isMade(plan) && plan.hasDhcp
    this.#keepsCard = keptCard !== undefined
    this.#edited = edited
    const { network: on, address } = made ?? { network: undefined, address: undefined }
    this.#allocated = {
      hypervisor,
      domain,
      accepted,
      network: on,
      address,
      storage,
      otherDisks: storage === undefined ? [] : overlaysIn(storage.pool, written),
      inputs,
      group,
      sinkhole: sunk?.sinkhole,
      watch,
    }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  watchGuest(listener: GuestListener): void {
    this.allocated.watch.ends.listener = listener
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    if (this.storagePool !== undefined) return await attachFile(this.domain, this.storagePool, file)
    throw new SeeError('STORAGE_FAILED', 'a disk can be attached only where the configuration has a "disk"')
  }

  get sinkhole(): Sinkhole | undefined {
    return this.#allocated?.sinkhole
  }

  /** Undefined when the guest's network does not end in a sinkhole: `watchInterfaces` says where its packets are. */
  async capture(options: CaptureOptions): Promise<PacketCapture | undefined> {
    return this.allocated.sinkhole?.capture(options, await this.domain.isActive())
  }

  async watchInterfaces(listener: InterfacesListener): Promise<(() => void) | undefined> {
    const { domain } = this
    const { address, sinkhole } = this.allocated
    // What ends in the sinkhole is captured there.
    const from = sinkhole === undefined ? 0 : 1
    if (interfacesIn(await domain.getXMLDesc()).length <= from) return undefined
    const tell = async (xml: string, isLate: boolean) => {
      await listener(await guestInterfaces(xml, { address, from, isLate }))
    }
    if (await domain.isActive()) await tell(await domain.getXMLDesc(), true)
    return domain.whenDevicesExist((xml) => tell(xml, false))
  }

  async hasScreen(): Promise<boolean> {
    return hasScreenIn(this.allocated.accepted)
  }

  async hasConsole(): Promise<boolean> {
    return hasConsoleIn(this.allocated.accepted)
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    return this.allocated.storage?.disk
  }

  async otherGuestDisks(): Promise<readonly OtherGuestDisk[]> {
    return this.allocated.otherDisks
  }

  async vncServer(): Promise<VncServer | undefined> {
    return vncServerIn(await this.domain.getXMLDesc())
  }

  /** The file in which the memory is to be, of a guest that is to become a template. */
  protected get memoryFile(): string | undefined {
    return undefined
  }

  protected get allocated(): AllocatedGuest {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  /** Whether its memory is, or is to become, that of a template. */
  get #sharesMemory(): boolean {
    return this.memoryFile !== undefined || this.#configuration.template !== undefined
  }

  #editDomain(file: string, xml: string, { clone, backing, ...edit }: GuestEdit): EditedDomain {
    return orInvalid('DOMAIN_XML_INVALID', file, () => {
      const edited = editDomainXml(xml, {
        identifier: this.#identifier,
        disk: this.#configuration.disk === undefined ? undefined : { path: clone, format: 'qcow2', backing },
        ...edit,
      })
      return this.#sharesMemory ? { ...edited, xml: templateXml(edited.xml) } : edited
    })
  }

  /** Those of which the environment gets overlays. */
  async #readOtherDisks(hypervisor: Hypervisor, file: string, xml: string): Promise<OtherDisk[]> {
    const { disk } = this.#configuration
    if (disk?.others !== 'overlay') return []
    const folders = disk.backing_folders.map((folder) => resolve(this.#folder, folder))
    const disks = await readOtherDisks(xml, file, folders)
    for (const { image } of disks) await assertUsable(hypervisor, image, true)
    if (disks.length === 0 || !this.#sharesMemory) return disks
    const advice = 'say <readonly/> in its other disks, or "others": "read-only" in "disk"'
    throw new SeeError(
      'DOMAIN_XML_INVALID',
      `${file}: a template has one disk that its guest can write: ${advice}`,
    )
  }

  async #clone(inputs: readonly string[]): Promise<TemplateClone | undefined> {
    const { template } = this.#configuration
    if (template === undefined || this.memoryFile !== undefined) return undefined
    return await TemplateClone.open(template, inputs, { provider: 'libvirt' })
  }

  /** The address of the template's network card, of a clone that is not told who it is and so keeps it. */
  async #keptCard(): Promise<string | undefined> {
    const { template } = this.#configuration
    if (template === undefined || this.memoryFile !== undefined) return undefined
    const { manifest } = await new TemplateStore().open(template)
    return manifest.identity === null ? manifest.card?.mac_address : undefined
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

/**
 * The network of a guest that keeps the card of its template, whose addresses are not those of a shared one.
 * @throws SeeError `NETWORK_INVALID` where it is to be shared
 */
function unshared(network: QemuConfiguration['network']): QemuConfiguration['network'] {
  const { mode = 'nat-no-lan', sharing, configuration } = network ?? {}
  if (sharing === 'shared') {
    const why = 'a clone that is not told who it is has the address of its template'
    throw new SeeError('NETWORK_INVALID', `${why}: remove "sharing" from network, or "identity": false`)
  }
  if (network === undefined || configuration !== undefined || mode === 'none' || mode === 'sinkhole') {
    return network
  }
  return { ...network, sharing: 'own' }
}

/**
 * Checks that libvirt knows the formats of a chain and that its QEMU user can read the files.
 * @throws SeeError `IMAGE_INVALID` or `IMAGE_REFUSED`
 */
async function assertUsable(hypervisor: Hypervisor, image: DiskImage, isOverlay: boolean): Promise<void> {
  const unknown = layersOf(image).find(({ format }) => UNKNOWN_TO_LIBVIRT.has(format))
  if (isOverlay && unknown !== undefined) {
    const advice = 'say disk.clone.copy_on_write: false, or convert it: qemu-img convert -O qcow2'
    throw new SeeError(
      'IMAGE_INVALID',
      `${unknown.path} is a ${unknown.format} image, of which libvirt makes no overlay; ${advice}`,
    )
  }
  const user = await qemuUser(hypervisor)
  if (user !== undefined) await assertReadableBy(user, image, isOverlay ? 0 : 1)
}

/** Makes contexts over QEMU guests; the configuration is the path of a JSON file or the object itself. */
export function qemuFactory(
  configuration: string | z.input<typeof qemuSchema>,
): ContextFactory<SeeContext<QemuResources>> {
  return contextFactory(QemuResources, configuration)
}
