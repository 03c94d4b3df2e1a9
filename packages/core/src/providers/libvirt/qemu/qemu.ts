import type { Hypervisor, Network, StoragePool } from '@see/libvirt'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import { SeeError } from '../../../common/errors.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import type { GuestListener } from '../../../contract/guest-end.ts'
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
import type { Sinkhole } from '../../sinkhole/sinkhole.ts'
import type { TransientDomain } from '../domain/transient-domain.ts'
import type { AllocatedGuest } from './allocate-guest.ts'
import { type QemuConfiguration, qemuSchema } from './qemu-configuration.ts'

/**
 * A QEMU guest through libvirt: its domain and disk, and its network unless it shares one, named after the environment.
 * What works with libvirt is loaded when it is used.
 */
export class QemuResources implements Resources {
  static readonly schema = qemuSchema
  readonly #parameters: ResourcesParameters<QemuConfiguration>
  readonly #releases = new ReleaseStack()
  #allocated: AllocatedGuest | undefined

  constructor(parameters: ResourcesParameters<QemuConfiguration>) {
    this.#parameters = parameters
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
    return this.#allocated?.warnings ?? []
  }

  get macAddress(): string | undefined {
    return this.#allocated?.macAddress
  }

  get addressSource(): 'lease' | 'agent' {
    return this.allocated.addressSource
  }

  get agentChannel(): AgentChannel | undefined {
    return this.#allocated?.agentChannel
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

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  watchGuest(listener: GuestListener): void {
    this.allocated.watch.ends.listener = listener
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    if (this.storagePool !== undefined) {
      const { attachFile } = await import('../storage/attach-file.ts')
      return await attachFile(this.domain, this.storagePool, file)
    }
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
    const { domain, address, sinkhole } = this.allocated
    const { interfacesIn } = await import('../xml/domain-devices.ts')
    const { guestInterfaces } = await import('../xml/guest-devices.ts')
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
    const { hasScreenIn } = await import('../xml/domain-devices.ts')
    return hasScreenIn(this.allocated.accepted)
  }

  async hasConsole(): Promise<boolean> {
    const { hasConsoleIn } = await import('../xml/domain-devices.ts')
    return hasConsoleIn(this.allocated.accepted)
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    return this.allocated.storage?.disk
  }

  async otherGuestDisks(): Promise<readonly OtherGuestDisk[]> {
    return this.allocated.otherDisks
  }

  async vncServer(): Promise<VncServer | undefined> {
    const { vncServerIn } = await import('../xml/domain-devices.ts')
    return vncServerIn(await this.domain.getXMLDesc())
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
