import { access, constants } from 'node:fs/promises'
import type { Socket } from 'node:net'
import { resolve } from 'node:path'
import { type AgentSocket, connectSocket, QemuProcess } from '@see/qemu'
import { timeoutSignal } from '@see/libvirt'
import { z } from 'zod'
import { type ContextFactory, contextFactory } from '../../context-factory.ts'
import { messageOf, SeeError } from '../../errors.ts'
import type { Logger } from '../../logger.ts'
import { ReleaseStack } from '../../release-stack.ts'
import { requireTool } from '../../required-tool.ts'
import type {
  AgentChannel,
  AllocateOptions,
  AttachedDisk,
  CaptureOptions,
  GuestDisk,
  PacketCapture,
  Resources,
  ResourcesParameters,
  VncServer,
} from '../../resources.ts'
import type { SeeContext } from '../../see-context.ts'
import type { Identity } from '../../templates/identity.ts'
import type { TemplateMachine } from '../../templates/manifest.ts'
import { detectDiskFormat } from '../disk-image.ts'
import { freshMacAddress } from '../domain-xml.ts'
import { imageProvider } from '../image.ts'
import { type AllowanceRelay, openRelays } from './allowance-relay.ts'
import { type EmbeddedConfiguration, embeddedSchema } from './configuration.ts'
import { EmbeddedDomain } from './embedded-domain.ts'
import { assertConsistent, pickGuestSubnet, type Subnet } from './network.ts'
import { type BaseImage, DISK_NAME, makeDisk } from './overlay.ts'
import { EmbeddedCapture } from './packet-capture.ts'
import { DiskSlots } from './plug-disk.ts'
import { type GuestHardware, qemuArguments, sockets } from './qemu-arguments.ts'
import { orHypervisorFailed } from './qemu-failure.ts'
import { defaultParent, RunFolder } from './run-folder.ts'
import { openSandboxFile } from './sandbox-file.ts'
import { sandboxUser } from './sandbox-user.ts'
import { TemplateClone } from './template-clone.ts'
import { templateMachine } from './template-machine.ts'
import { vncServer } from './vnc-server.ts'

const MIB = 1024 * 1024
const CONNECT_MS = 30_000

const chardevs = z.array(z.object({ label: z.string(), 'frontend-open': z.boolean() }))

interface Allocated {
  readonly program: string
  readonly folder: RunFolder
  readonly domain: EmbeddedDomain
  readonly slots: DiskSlots
  readonly image: BaseImage | undefined
  readonly clone: TemplateClone | undefined
  /** The user's files that the guest is made from. */
  readonly inputs: readonly string[]
}

/** QEMU as a child of this process: no daemon, and no rights that it does not need. */
export class EmbeddedResources implements Resources {
  static readonly schema = embeddedSchema
  readonly addressSource = 'agent'
  /** The subnet of the guest; undefined when it has no interface. */
  readonly network: Subnet | undefined
  readonly macAddress: string | undefined
  readonly #identifier: string
  readonly #configuration: EmbeddedConfiguration
  readonly #parent: string
  readonly #file: string
  readonly #logger: Logger
  readonly #memoryFile: string | undefined
  readonly #releases = new ReleaseStack()
  readonly #captures = new Set<EmbeddedCapture>()
  readonly #subnet = pickGuestSubnet()
  #relays: AllowanceRelay[] = []
  /** Of a guest that is to become a template, or was one. */
  #identityPort: Socket | undefined
  #captureCount = 0
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
    const hasInterface = network.mode !== 'none'
    this.network = hasInterface ? this.#subnet : undefined
    this.macAddress = hasInterface ? freshMacAddress() : undefined
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
   * @throws SeeError `TOOL_MISSING`, `FILE_UNREADABLE`, `IMAGE_INVALID`, `NETWORK_INVALID`, `STORAGE_FAILED`, `DISK_FULL`
   * or `IDENTIFIER_TAKEN`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    const { machine, disk, network } = this.#configuration
    const program = await requireTool('qemu-system-x86_64', 'qemu-system-x86')
    const qemuImg = await requireTool('qemu-img', 'qemu-utils')
    await requireTool('setpriv', 'util-linux')
    for (const file of [machine.kernel, machine.initrd]) if (file !== undefined) await assertReadable(file)
    assertConsistent(network)
    const own = disk === undefined ? undefined : await this.#image(disk, signal)
    const inputs = [own?.path, machine.kernel, machine.initrd].filter((each) => each !== undefined)
    const clone = await this.#clone(inputs)
    const image = clone?.disk ?? own
    signal.throwIfAborted()
    if (network.mode === 'user') {
      this.#logger.warn('the guest reaches all that this host reaches, and this host: network.mode is "user"')
    }
    const user = await sandboxUser(machine.accelerator)
    const folder = await RunFolder.make(this.#parent, this.#identifier, user, this.#releases)
    signal.throwIfAborted()
    if (image !== undefined) {
      const copyOnWrite = disk?.clone.copy_on_write ?? true
      const isMade = copyOnWrite && (await clone?.makeDisk(folder)) === true
      if (!isMade) await makeDisk(qemuImg, folder, image, { copyOnWrite, signal })
    }
    signal.throwIfAborted()
    const slots = new DiskSlots(folder)
    const domain: EmbeddedDomain = new EmbeddedDomain({
      folder,
      logger: this.#logger,
      start: (agent) => this.#start(program, agent),
      started: async () => {
        await clone?.becomeOwn(domain.agentChannel, this.#identityPort, this.#identity())
      },
    })
    this.#releases.defer('QEMU', async () => {
      for (const relay of this.#relays) relay.close()
      this.#identityPort?.destroy()
      await domain.destroy()
      for (const capture of this.#captures) await capture.stop()
    })
    this.#allocated = { program, folder, domain, slots, image, clone, inputs }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  async attachFile(file: string): Promise<AttachedDisk> {
    const { slots, domain } = this.#resources()
    return await orHypervisorFailed(slots.plug(domain.qemu.qmp, file))
  }

  async capture({ snapLength }: CaptureOptions): Promise<PacketCapture | undefined> {
    if (this.network === undefined) return undefined
    const { folder, domain } = this.#resources()
    const capture = new EmbeddedCapture(folder, `capture-${++this.#captureCount}`, snapLength)
    if (domain.isRunning) await orHypervisorFailed(capture.attach(domain.qemu))
    this.#captures.add(capture)
    capture.packets.once('close', () => this.#captures.delete(capture))
    return capture
  }

  async hasConsole(): Promise<boolean> {
    return true
  }

  async guestDisk(): Promise<GuestDisk | undefined> {
    const { image, folder } = this.#resources()
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

  async #start(program: string, agent: AgentSocket): Promise<QemuProcess> {
    const { folder, slots, clone } = this.#resources()
    const { limits, machine, network } = this.#configuration
    const argv = qemuArguments(this.#hardware(folder))
    const qemu = await QemuProcess.start({
      program,
      argv,
      monitorPath: folder.of(sockets.monitor),
      user: folder.user,
      limits: {
        addressSpaceBytes: (machine.memory + limits.overhead_mib) * MIB,
        cpuSeconds: limits.cpu_seconds,
        fileBytes: limits.disk_mib * MIB,
      },
    })
    try {
      const signal = timeoutSignal(CONNECT_MS)
      // Before a clone knows its devices: a guest is told, and pauses, when somebody comes to the other end or goes.
      await agent.open(signal)
      if (clone?.memory !== undefined || this.#memoryFile !== undefined) {
        this.#identityPort = await connectSocket(folder.of(sockets.identity), signal)
        // Whoever waits for an answer is told of its end.
        this.#identityPort.on('error', () => undefined)
      }
      if (clone?.memory !== undefined) {
        const cloned = await templateMachine(qemu.qmp, argv, machine)
        await clone.takeOver(qemu, cloned, folder.of('state'))
      }
      slots.clear()
      for (const capture of this.#captures) await capture.attach(qemu)
      this.#relays = await openRelays(folder, network)
      return qemu
    } catch (error) {
      await qemu.kill()
      throw error
    }
  }

  #hardware(folder: RunFolder): GuestHardware {
    const { machine, network, disk } = this.#configuration
    const { macAddress } = this
    const hasDisk = disk !== undefined
    const frozen = this.#memoryFile === undefined ? undefined : { path: this.#memoryFile, isClone: false }
    const memory = this.#resources().clone?.memory ?? frozen
    const [identifier, subnet] = [this.#identifier, this.#subnet]
    return { identifier, folder, machine, network, subnet, macAddress, hasDisk, memory }
  }

  /** The user's files that the guest is made from: its image, kernel and initial RAM disk. */
  get inputs(): readonly string[] {
    return this.#resources().inputs
  }

  /** What the running guest is on, as far as its clones have to find it the same. */
  async templateMachine(): Promise<TemplateMachine> {
    const { domain, folder } = this.#resources()
    const argv = qemuArguments(this.#hardware(folder))
    return await templateMachine(domain.qemu.qmp, argv, this.#configuration.machine)
  }

  /** Whether a program of the guest waits at the port by which a clone is told who it is. */
  async hasOpenIdentityPort(): Promise<boolean> {
    const ports = chardevs.parse(await this.domain.qemu.qmp.execute('query-chardev'))
    return ports.some(({ label, 'frontend-open': isOpen }) => label === sockets.identity && isOpen)
  }

  async #clone(inputs: readonly string[]): Promise<TemplateClone | undefined> {
    const { template } = this.#configuration
    if (template === undefined || this.#memoryFile !== undefined) return undefined
    return await TemplateClone.open(template, inputs, this.#configuration.machine)
  }

  #identity(): Identity {
    return { hostname: `see-${this.#identifier.slice(0, 8).toLowerCase()}`, macAddress: this.macAddress }
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  async #image(
    { image }: NonNullable<EmbeddedConfiguration['disk']>,
    signal: AbortSignal,
  ): Promise<BaseImage> {
    const provider = await imageProvider(image, this.#file)
    const path = await provider.image({ signal, logger: this.#logger })
    return { path, format: await detectDiskFormat(path) }
  }
}

/** Makes contexts over QEMU as a child; the configuration is the path of a JSON file or the object itself. */
export function embeddedFactory(
  configuration: string | z.input<typeof embeddedSchema>,
): ContextFactory<SeeContext<EmbeddedResources>> {
  return contextFactory(EmbeddedResources, configuration)
}

async function assertReadable(file: string): Promise<void> {
  try {
    await access(file, constants.R_OK)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${file}: ${messageOf(error)}`, { cause: error })
  }
}
