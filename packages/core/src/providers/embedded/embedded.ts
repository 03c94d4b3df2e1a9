import { resolve } from 'node:path'
import type { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../context/context-factory.ts'
import type { GuestListener } from '../../contract/guest-end.ts'
import type { Logger } from '../../common/logger.ts'
import { ReleaseStack } from '../../common/release-stack.ts'
import type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  CaptureOptions,
  GuestDisk,
  PacketCapture,
  ResourcesParameters,
  VncServer,
} from '../../contract/resources.ts'
import type { SeeContext } from '../../context/see-context.ts'
import type { Freezable } from '../../templates/freezable.ts'
import { identityOf } from '../../templates/identity.ts'
import type { TemplateMachine } from '../../templates/manifest.ts'
import type { Monitor } from '../../templates/monitor.ts'
import type { TemplateClone } from '../../templates/template-clone.ts'
import { assertReadableBy } from '../../disks/file-reader.ts'
import { freshMacAddress } from '../../common/mac-address.ts'
import { guestSubnetAt, pickGuestSubnet, type Subnet } from '../../common/guest-subnet.ts'
import { Sinkhole } from '../sinkhole/sinkhole.ts'
import { emptyOverlay } from '../../disks/empty-overlay.ts'
import { GuestEnds } from '../../contract/guest-ends.ts'
import { assertAccelerator } from './qemu/accelerator.ts'
import { AllowedNetwork } from './network/allowed-network.ts'
import { type EmbeddedConfiguration, embeddedSchema } from './configuration/configuration.ts'
import { EmbeddedDomain } from './guest/embedded-domain.ts'
import { type GuestInputs, guestInputs } from './guest-inputs.ts'
import { GuestLauncher } from './guest-launcher.ts'
import { hasOpenIdentityPort } from './qemu/identity-port.ts'
import { assertConsistent } from './configuration/network.ts'
import { copyImage, copyOverlay, DISK_NAME } from './disk/overlay.ts'
import { requirePrograms } from '../../host/programs.ts'
import { orHypervisorFailed } from './qemu/qemu-failure.ts'
import { defaultParent, RunFolder } from './folder/run-folder.ts'
import { openSandboxFile } from '../../disks/sandbox-file.ts'
import { SANDBOX_GID, sandboxUser } from '../../host/sandbox-user.ts'
import { vncServer } from './guest/vnc-server.ts'

interface Allocated {
  readonly program: string
  readonly folder: RunFolder
  readonly domain: EmbeddedDomain
  readonly launcher: GuestLauncher
  readonly inputs: GuestInputs
}

/** QEMU as a child of this process: no daemon, and no rights that it does not need. */
export class EmbeddedResources implements Freezable {
  static readonly schema = embeddedSchema
  readonly addressSource = 'agent'
  readonly #identifier: string
  readonly #configuration: EmbeddedConfiguration
  readonly #parent: string
  readonly #file: string
  readonly #logger: Logger
  readonly #memoryFile: string | undefined
  readonly #releases = new ReleaseStack()
  readonly #ends = new GuestEnds()
  readonly #hasInterface: boolean
  #subnet = pickGuestSubnet()
  #macAddress = freshMacAddress()
  #sinkhole: Sinkhole | undefined
  #allocated: Allocated | undefined

  /** @param memoryFile the file in which the memory is to be, of a guest that is to become a template */
  constructor(
    { identifier, configuration, folder, logger }: ResourcesParameters<EmbeddedConfiguration>,
    memoryFile?: string,
  ) {
    this.#memoryFile = memoryFile
    this.#identifier = identifier
    this.#file = folder
    this.#logger = logger
    const { machine, network, disk } = configuration
    const inFolder = (path: string | undefined) => (path === undefined ? undefined : resolve(folder, path))
    this.#configuration = {
      ...configuration,
      machine: { ...machine, kernel: inFolder(machine.kernel), initrd: inFolder(machine.initrd) },
    }
    this.#parent = inFolder(disk?.clone.storage_pool_path) ?? defaultParent()
    this.#hasInterface = network.mode !== 'none'
  }

  /** The subnet of the guest; undefined when it has no interface. */
  get network(): Subnet | undefined {
    return this.#hasInterface ? this.#subnet : undefined
  }

  get macAddress(): string | undefined {
    return this.#hasInterface ? this.#macAddress : undefined
  }

  /** Undefined until it is allocated, and in other modes. */
  get sinkhole(): Sinkhole | undefined {
    return this.#sinkhole
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

  get agentChannel(): AgentChannel {
    return this.domain.agentChannel
  }

  /**
   * Everything the user named is looked at before anything is made.
   * @throws SeeError `TOOL_MISSING`, `HYPERVISOR_FAILED`, `FILE_UNREADABLE`, `IMAGE_INVALID`, `IMAGE_REFUSED`, `NETWORK_INVALID`,
   * `STORAGE_FAILED`, `DISK_FULL`, `IDENTIFIER_TAKEN`, `TEMPLATE_MISSING` or `TEMPLATE_INVALID`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    const { machine, disk, network } = this.#configuration
    const program = await requirePrograms()
    await assertAccelerator(machine.accelerator)
    assertConsistent(network)
    const inputs = await guestInputs({
      configuration: this.#configuration,
      folder: this.#file,
      logger: this.#logger,
      signal,
      becomesTemplate: this.#memoryFile !== undefined,
    })
    const { image, clone } = inputs
    if (clone?.keptCard !== undefined) this.#keep(clone.keptCard)
    if (network.mode === 'sinkhole') this.#sinkhole = Sinkhole.inSubnet(this.#subnet)
    signal.throwIfAborted()
    if (network.mode === 'user') {
      this.#logger.warn('the guest reaches all that this host reaches, and this host: network.mode is "user"')
    }
    const user = await sandboxUser(machine.accelerator)
    const isCopy = disk?.clone.copy_on_write === false
    if (user !== undefined && image !== undefined) await assertReadableBy(user, image, isCopy ? 1 : 0)
    const folder = await RunFolder.make(this.#parent, this.#identifier, user, this.#releases)
    signal.throwIfAborted()
    if (image !== undefined) {
      if (isCopy) await copyImage(folder, image, signal)
      else await copyOverlay(folder, (await clone?.readOverlay()) ?? (await emptyOverlay(image, signal)))
    }
    signal.throwIfAborted()
    const launcher = new GuestLauncher({
      program,
      hardware: {
        identifier: this.#identifier,
        folder,
        machine,
        network,
        subnet: this.#subnet,
        macAddress: this.macAddress,
        disk: image === undefined ? undefined : { backing: isCopy ? undefined : image },
      },
      limits: this.#configuration.limits,
      clone,
      memoryFile: this.#memoryFile,
      sinkhole: this.sinkhole,
      allowed: AllowedNetwork.of(network, this.#subnet),
      logger: this.#logger,
    })
    const domain: EmbeddedDomain = new EmbeddedDomain({
      folder,
      logger: this.#logger,
      ends: this.#ends,
      start: (agent, starting) => launcher.start(agent, starting),
      started: async () => {
        const identity = identityOf(this.#identifier, this.macAddress)
        await clone?.becomeOwn(domain.agentChannel, launcher.identityPort, identity)
      },
    })
    this.#releases.defer('the packet captures', () => launcher.stopCaptures())
    this.#releases.defer('the control group', () => launcher.leaveControlGroups())
    this.#releases.defer('QEMU', () => domain.close())
    this.#releases.defer('the allowances', () => launcher.close())
    this.#allocated = { program, folder, domain, launcher, inputs }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  watchGuest(listener: GuestListener): void {
    this.#ends.listener = listener
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    const { launcher, domain } = this.#resources()
    return await orHypervisorFailed(launcher.slots.plug(domain.qemu.qmp, file))
  }

  async capture({ snapLength }: CaptureOptions): Promise<PacketCapture | undefined> {
    if (this.network === undefined) return undefined
    const { launcher, domain } = this.#resources()
    return await orHypervisorFailed(launcher.capture(snapLength, domain.isRunning ? domain.qemu : undefined))
  }

  async hasConsole(): Promise<boolean> {
    return true
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    const { folder, inputs } = this.#resources()
    const { image } = inputs
    if (image === undefined) return undefined
    const read: GuestDisk['read'] = async ({ signal }) => {
      return (await openSandboxFile(folder.of(DISK_NAME))).createReadStream({ signal })
    }
    return { image, read }
  }

  async vncServer(): Promise<VncServer | undefined> {
    if (!this.#configuration.machine.vnc) return undefined
    return await vncServer(this.domain)
  }

  get subnet(): string | undefined {
    return this.network?.network
  }

  async hasOpenIdentityPort(): Promise<boolean> {
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

  /** A guest that is not told of a new address goes on with the one it has. */
  #keep({ mac_address: macAddress, subnet }: NonNullable<TemplateClone['keptCard']>): void {
    this.#macAddress = macAddress
    if (subnet !== null) this.#subnet = guestSubnetAt(subnet)
  }

  #resources(): Allocated {
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
