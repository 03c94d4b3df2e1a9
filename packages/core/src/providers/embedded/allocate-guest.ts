import { basename } from 'node:path'
import type { Logger } from '../../common/logger.ts'
import { guestSubnetAt, type Subnet } from '../../common/guest-subnet.ts'
import type { ReleaseStack } from '../../common/release-stack.ts'
import type { GuestEnds } from '../../contract/guest-ends.ts'
import { emptyOverlay } from '../../disks/empty-overlay.ts'
import { assertReadableBy } from '../../disks/file-reader.ts'
import { requirePrograms } from '../../host/programs.ts'
import { sandboxUser } from '../../host/sandbox-user.ts'
import { hostEntry } from '../../ledger/host-entries.ts'
import { identityOf } from '../../templates/identity.ts'
import type { TemplateClone } from '../../templates/template-clone.ts'
import { Sinkhole } from '../sinkhole/sinkhole.ts'
import type { EmbeddedConfiguration } from './configuration/configuration.ts'
import { assertConsistent } from './configuration/network.ts'
import { copyImage, copyOverlay } from './disk/overlay.ts'
import { controlGroupPath } from './limits/control-group.ts'
import { defaultParent, RunFolder } from './folder/run-folder.ts'
import { EmbeddedDomain } from './guest/embedded-domain.ts'
import { type GuestInputs, guestInputs } from './guest-inputs.ts'
import { GuestLauncher } from './guest-launcher.ts'
import { AllowedNetwork } from './network/allowed-network.ts'
import { assertAccelerator } from './qemu/accelerator.ts'

/** The network card of a guest. */
export interface GuestCard {
  readonly macAddress: string
  readonly subnet: Subnet
}

export interface AllocatedGuest {
  /** The path of QEMU. */
  readonly program: string
  readonly folder: RunFolder
  readonly domain: EmbeddedDomain
  readonly launcher: GuestLauncher
  readonly inputs: GuestInputs
  /** The given card, or that of the template which the guest keeps. */
  readonly card: GuestCard
  /** What the network ends in; undefined in other modes. */
  readonly sinkhole: Sinkhole | undefined
}

interface AllocationOptions {
  readonly identifier: string
  readonly configuration: EmbeddedConfiguration
  /** The folder that run folders are made in; the usual one when undefined. */
  readonly parent: string | undefined
  /** The folder against which relative paths are resolved. */
  readonly folder: string
  readonly logger: Logger
  /** The file in which the memory is kept, of a guest that is frozen into a template. */
  readonly memoryFile: string | undefined
  readonly card: GuestCard
  readonly ends: GuestEnds
  readonly releases: ReleaseStack
  readonly signal: AbortSignal
}

/**
 * Everything the user named is looked at before anything is made.
 * @throws SeeError as `EmbeddedResources.allocate` does
 */
export async function allocateGuest(options: AllocationOptions): Promise<AllocatedGuest> {
  const { identifier, configuration, logger, memoryFile, releases, signal } = options
  const { machine, disk, network, limits } = configuration
  const program = await requirePrograms()
  await assertAccelerator(machine.accelerator)
  assertConsistent(network)
  const becomesTemplate = memoryFile !== undefined
  const inputs = await guestInputs({
    configuration,
    folder: options.folder,
    logger,
    signal,
    becomesTemplate,
  })
  const { image, clone } = inputs
  const card = keptCard(clone, options.card)
  const macAddress = network.mode === 'none' ? undefined : card.macAddress
  const sinkhole = network.mode === 'sinkhole' ? Sinkhole.inSubnet(card.subnet) : undefined
  signal.throwIfAborted()
  if (network.mode === 'user') {
    logger.warn('the guest reaches all that this host reaches, and this host: network.mode is "user"')
  }
  const user = await sandboxUser(machine.accelerator)
  const isCopy = disk?.clone.copy_on_write === false
  if (user !== undefined && image !== undefined) await assertReadableBy(user, image, isCopy ? 1 : 0)
  const folder = await RunFolder.make(options.parent ?? defaultParent(), identifier, user, releases)
  signal.throwIfAborted()
  if (image !== undefined) {
    if (isCopy) await copyImage(folder, image, signal)
    else await copyOverlay(folder, (await clone?.readOverlay()) ?? (await emptyOverlay(image, signal)))
  }
  signal.throwIfAborted()
  const launcher = new GuestLauncher({
    program,
    hardware: {
      identifier,
      folder,
      machine,
      network,
      subnet: card.subnet,
      macAddress,
      disk:
        image === undefined
          ? undefined
          : { backing: isCopy ? undefined : image, mibPerSecond: limits.disk_mib_per_second },
    },
    limits,
    clone,
    memoryFile,
    sinkhole,
    allowed: AllowedNetwork.of(network, card.subnet),
    logger,
    ends: options.ends,
  })
  const domain: EmbeddedDomain = new EmbeddedDomain({
    folder,
    logger,
    ends: options.ends,
    limits,
    start: (agent, starting) => launcher.start(agent, starting),
    starting: () => clone?.begins(),
    started: async () => {
      await clone?.becomeOwn(domain.agentChannel, launcher.identityPort, identityOf(identifier, macAddress))
    },
  })
  releases.defer('the packet captures', () => launcher.stopCaptures())
  const group = await controlGroupPath(identifier)
  if (group !== undefined) {
    const entry = hostEntry('control-group', `the control group ${group}`, { path: group })
    await releases.defer(entry, () => launcher.leaveControlGroups())
  }
  const qemu = hostEntry('process', 'QEMU', { program: basename(program), argument: identifier })
  await releases.defer(qemu, () => domain.close())
  releases.defer('the allowances', () => launcher.close())
  return { program, folder, domain, launcher, inputs, card, sinkhole }
}

/** A clone that is given no identity of its own goes on with the card of its template. */
function keptCard(clone: TemplateClone | undefined, card: GuestCard): GuestCard {
  if (clone?.keptCard === undefined) return card
  const { mac_address: macAddress, subnet } = clone.keptCard
  return { macAddress, subnet: subnet === null ? card.subnet : guestSubnetAt(subnet) }
}
