import { lstat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Hypervisor, Network } from '@see/libvirt'
import { z } from 'zod'
import type { Agent } from '../../../contract/agent.ts'
import { type ContextFactory, contextFactory } from '../../../context/context-factory.ts'
import { SeeError } from '../../../common/errors.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import type { GuestListener } from '../../../contract/guest-end.ts'
import type { Logger } from '../../../common/logger.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import { ReleaseStack } from '../../../common/release-stack.ts'
import type {
  AllocateOptions,
  InterfacesListener,
  Resources,
  ResourcesParameters,
} from '../../../contract/resources.ts'
import type { SeeContext } from '../../../context/see-context.ts'
import { acceptedDomain } from '../domain/accepted-domain.ts'
import { ContainerAgent } from './container-agent.ts'
import { watchDevices } from './device-watch.ts'
import { ContainerDomain } from './container-domain.ts'
import { type ContainerXml, readContainerXml } from './container-xml.ts'
import { removeLeftByLibvirt } from './leftovers.ts'
import { filesystemSchema, makeFolders, type MountedFolder, planFolders } from './mounted-folders.ts'
import { makeSunkNetwork, sinkholePrograms, sunkInterface, type SunkNetwork } from './sunk-network.ts'
import { hasConsoleIn, interfacesIn } from '../xml/domain-devices.ts'
import { type DomainEdit, type EditedDomain, editDomainXml, logChanges } from '../xml/domain-xml.ts'
import { capturePointAt, interfacesWithoutDevice } from '../xml/guest-devices.ts'
import { GuestWatch } from '../domain/guest-watch.ts'
import { legacyName, warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { interfaceOn, type MadeNetwork, makeNetwork, othersOn } from '../network/make-network.ts'
import { isMade, networkSchema, planNetwork } from '../network/network-plan.ts'
import { interfacesOnNetwork, otherInterfaces } from '../network/other-interfaces.ts'
import type { Sinkhole } from '../../sinkhole/sinkhole.ts'
import { together } from '../../../common/together.ts'
import { stopAtTheEnd, TransientDomain } from '../domain/transient-domain.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { orInvalid } from '../xml/user-xml.ts'

const path = z.string().min(1)

const schema = z.strictObject({
  $schema: z.string().optional().describe('The JSON Schema of this file, for editors.'),
  name: legacyName,
  hypervisor: path.default('lxc:///').describe("libvirt's URI of the hypervisor."),
  domain: z
    .strictObject({
      configuration: path.describe("The path of the domain's XML."),
      filesystem: filesystemSchema.describe(
        'A folder, or a list of them, made for each environment, mounted in its container and removed again.',
      ),
    })
    .describe('The container.'),
  network: networkSchema
    .optional()
    .describe(
      "What the container's first interface is on; without it, what the domain's XML says, and a container without an interface has no network at all.",
    ),
})

type LxcConfiguration = z.output<typeof schema>

/** What exists once everything is allocated. */
interface Allocated {
  readonly hypervisor: Hypervisor
  readonly domain: ContainerDomain
  /** The XML of a container of its kind, as libvirt itself writes it. */
  readonly accepted: string
  readonly network: Network | undefined
  /** The guest's on a shared network. */
  readonly address: string | undefined
  readonly agent: Agent
  /** What the container's network ends in, in the mode of that name. */
  readonly sinkhole: Sinkhole | undefined
  readonly watch: GuestWatch
}

/** An LXC container through libvirt: its domain, folders, and its network unless it shares one, named after the environment. */
export class LxcResources implements Resources {
  static readonly schema = schema
  /** A container has no disks of its own. */
  readonly storagePool = undefined
  /** libvirt knows the addresses of containers by its DHCP servers only. */
  readonly addressSource = 'lease'
  readonly #identifier: string
  readonly #configuration: LxcConfiguration
  readonly #folder: string
  readonly #logger: Logger
  readonly #releases = new ReleaseStack()
  #allocated: Allocated | undefined
  #edited: EditedDomain | undefined
  #warnings: readonly EvidenceWarning[] = []

  constructor({ identifier, configuration, folder, logger }: ResourcesParameters<LxcConfiguration>) {
    this.#identifier = identifier
    this.#configuration = configuration
    this.#folder = folder
    this.#logger = logger
  }

  get hypervisor(): Hypervisor {
    return this.#resources().hypervisor
  }

  get domain(): ContainerDomain {
    return this.#resources().domain
  }

  /** Undefined when the configuration names no network: the domain's XML says what the container is on. */
  get network(): Network | undefined {
    return this.#resources().network
  }

  get agent(): Agent {
    return this.#resources().agent
  }

  get sinkhole(): Sinkhole | undefined {
    return this.#allocated?.sinkhole
  }

  get warnings(): readonly EvidenceWarning[] {
    return this.#warnings
  }

  get macAddress(): string | undefined {
    return this.#edited?.macAddress
  }

  /**
   * Everything the user wrote is read before anything is made.
   * @throws SeeError `FILE_UNREADABLE`, `DOMAIN_XML_INVALID`, `NETWORK_INVALID`, `NETWORK_EXHAUSTED`,
   * `STORAGE_FAILED` or `HYPERVISOR_UNREACHABLE`
   */
  async allocate({ signal }: AllocateOptions): Promise<void> {
    warnOfLegacyName(this.#configuration.name, this.#logger)
    const { domain: wanted, network: wantedNetwork, hypervisor: uri } = this.#configuration
    const file = resolve(this.#folder, wanted.configuration)
    const text = readUserXml(file)
    const folders = await planFolders(wanted.filesystem, this.#folder, this.#identifier)
    const plan = await planNetwork(wantedNetwork, { folder: this.#folder, uri })
    this.#warnings = otherInterfaces(text, wantedNetwork, file)
    const sinking = plan === 'sinkhole' ? await sinkholePrograms() : undefined
    const guest = {
      identifier: this.#identifier,
      macAddress: freshMacAddress(),
      interfaces: interfacesOnNetwork(text, wantedNetwork),
      logger: this.#logger,
    }
    const edit = (made?: MadeNetwork): EditedDomain =>
      this.#editDomain(file, text, folders, {
        network:
          sinking === undefined ? interfaceOn(plan, this.#identifier, made) : sunkInterface(this.#identifier),
        macAddress: made?.macAddress ?? guest.macAddress,
        others: othersOn(plan, guest, made),
      })
    const { xml } = edit()
    const container = orInvalid('DOMAIN_XML_INVALID', file, () => readContainerXml(xml))
    await assertInit(file, container)
    signal.throwIfAborted()
    // Calls that make something are not aborted half way: what they made would be nobody's.
    const hypervisor = await openHypervisor(uri, this.#identifier, this.#releases, signal)
    const kind = JSON.stringify([text, wanted.filesystem, wantedNetwork])
    const accepted = await acceptedDomain(hypervisor, { kind, file, xml, flags: 0 })
    const [sunk, on] = await together(
      sinking === undefined ? undefined : makeSunkNetwork(hypervisor, guest, sinking, this.#releases, signal),
      isMade(plan) ? makeNetwork(hypervisor, guest, plan, this.#releases) : undefined,
      makeFolders(folders, container.owner, this.#releases),
    )
    const made = sunk?.made ?? on
    signal.throwIfAborted()
    this.#releases.defer('what libvirt leaves', () => removeLeftByLibvirt(this.#identifier))
    const edited = edit(made)
    logChanges(edited, file, this.#logger)
    const watch = new GuestWatch(hypervisor, this.#identifier, true)
    const virDomain = new TransientDomain(hypervisor, this.#identifier, edited.xml, watch)
    const domain = new ContainerDomain(virDomain, sunk)
    if (sunk !== undefined) followSinkhole(sunk, virDomain, watch)
    const ending = { watch, stop: () => domain.destroy(), onStopped: () => made?.beginRelease() }
    stopAtTheEnd(virDomain, ending, this.#releases)
    // libvirt takes its time for both, so the network goes while the container stops; but a container that still runs is
    // not to see the bridge go, for without it nothing tells what it sends from the host's own.
    this.#releases.defer('the network', async () => {
      if (made !== undefined && (await domain.freeze())) made.beginDestroy()
    })
    this.#edited = edited
    this.#allocated = {
      hypervisor,
      domain,
      accepted,
      network: made?.network,
      address: made?.address,
      agent: new ContainerAgent(virDomain),
      sinkhole: sunk?.sinkhole,
      watch,
    }
  }

  deallocate(): Promise<void> {
    return this.#releases.release()
  }

  watchGuest(listener: GuestListener): void {
    this.#resources().watch.ends.listener = listener
  }

  async watchInterfaces(listener: InterfacesListener): Promise<(() => void) | undefined> {
    const { network, address } = this.#resources()
    const written = this.#edited?.xml ?? ''
    const interfaces = interfacesIn(written)
    if (interfaces.length === 0) return undefined
    const untraceable = interfacesWithoutDevice(written)
    if (untraceable.length > 0) await listener({ points: [], untraceable })
    const names = interfaces.flatMap(({ target }) => (target === undefined ? [] : [target]))
    const bridge = address === undefined ? undefined : await network?.getBridgeName()
    const tell = async (name: string): Promise<void> => {
      const { macAddress } = interfaces.find(({ target }) => target === name) ?? {}
      const isShared = name === names[0]
      const point = await capturePointAt(
        { target: name, macAddress, bridge },
        { address: isShared ? address : undefined, isLate: true },
      )
      await listener({ points: [point], untraceable: [] })
    }
    return await watchDevices(names, tell)
  }

  async hasConsole(): Promise<boolean> {
    return hasConsoleIn(this.#resources().accepted)
  }

  #resources(): Allocated {
    if (this.#allocated !== undefined) return this.#allocated
    throw new Error(`the resources of ${this.#identifier} are not allocated`)
  }

  #editDomain(
    file: string,
    xml: string,
    filesystems: readonly MountedFolder[],
    guest: Pick<DomainEdit, 'network' | 'macAddress' | 'others'>,
  ): EditedDomain {
    const edit = { ...guest, identifier: this.#identifier, disk: undefined, filesystems, isContainer: true }
    return orInvalid('DOMAIN_XML_INVALID', file, () => editDomainXml(xml, edit))
  }
}

/** Makes contexts over LXC containers; the configuration is the path of a JSON file or the object itself. */
export function lxcFactory(
  configuration: string | z.input<typeof schema>,
): ContextFactory<SeeContext<LxcResources>> {
  return contextFactory(LxcResources, configuration)
}

/** A container whose sinkhole is gone would speak to nobody, and nothing would be on record: it is stopped. */
function followSinkhole(
  { sinkhole, relay }: SunkNetwork,
  virDomain: TransientDomain,
  watch: GuestWatch,
): void {
  watch.onStopped = () => sinkhole.guestEnded()
  relay.onLost = (how) => {
    watch.ends.ended({
      reason: 'failed',
      detail: `its sinkhole is gone: ${how}`,
      exitCode: null,
      signal: null,
    })
    virDomain.destroy().catch(() => undefined)
  }
}

/** libvirt calls a container started before its init is, and says nothing when there is none. */
async function assertInit(file: string, { root, init }: ContainerXml): Promise<void> {
  if (root === undefined) return
  const where = join(root, init)
  await lstat(where).catch((error: unknown) => {
    throw new SeeError(
      'DOMAIN_XML_INVALID',
      `${file} names ${init} as the container's init, but there is no ${where}: put one there, or name another in <os><init>`,
      { cause: error },
    )
  })
}
