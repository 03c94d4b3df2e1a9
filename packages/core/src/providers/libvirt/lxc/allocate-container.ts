import { lstat } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import type { Hypervisor, Network } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { allOrCollect } from '../../../common/all-or-collect.ts'
import { warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import type { Agent } from '../../../contract/agent.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import type { Sinkhole } from '../../sinkhole/sinkhole.ts'
import type { OwnerRecord } from '../../../common/owner-record.ts'
import { validateDomainXml } from '../domain/validate-domain-xml.ts'
import { watchDomainLimits } from '../domain/domain-limits.ts'
import { GuestWatch } from '../domain/guest-watch.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { stopAtTheEnd, TransientDomain } from '../domain/transient-domain.ts'
import { interfaceOn, type MadeNetwork, makeNetwork, othersOn } from '../network/make-network.ts'
import { isMade, planNetwork } from '../network/network-plan.ts'
import { interfacesOnNetwork, otherInterfaces } from '../network/other-interfaces.ts'
import { type EditedDomain, editDomainXml, logChanges } from '../xml/domain-xml.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'
import { ContainerAgent } from './container-agent.ts'
import { ContainerDomain } from './container-domain.ts'
import { containerGauges } from './container-limits.ts'
import { ProcessBound } from './control-groups.ts'
import { hostEntry } from '../../../ledger/host-entries.ts'
import { type ContainerXml, readContainerXml } from './container-xml.ts'
import { entryOf } from '../daemon/libvirt-kind.ts'
import { containerKind } from './container-kinds.ts'
import { killControllersOf } from './kill-controllers.ts'
import { removeLeftByLibvirt } from './leftovers.ts'
import type { LxcConfiguration } from './lxc-configuration.ts'
import { makeFolders, planFolders } from './mounted-folders.ts'
import { makeSunkNetwork, sinkholePrograms, sunkInterface, type SunkNetwork } from './sunk-network.ts'

/** What exists once everything is allocated. */
export interface AllocatedContainer {
  readonly hypervisor: Hypervisor
  readonly domain: ContainerDomain
  /** The XML of a container of its kind, as libvirt itself writes it. */
  readonly accepted: string
  readonly edited: EditedDomain
  readonly network: Network | undefined
  /** The guest's address on a shared network. */
  readonly address: string | undefined
  /** The addresses of the other guests on a shared network. */
  readonly neighbours: (() => Promise<readonly string[]>) | undefined
  readonly agent: Agent
  /** What the container's network ends in, in the mode of that name. */
  readonly sinkhole: Sinkhole | undefined
  readonly watch: GuestWatch
  readonly warnings: readonly EvidenceWarning[]
}

interface AllocationOptions {
  readonly identifier: string
  readonly configuration: LxcConfiguration
  /** The folder against which relative paths are resolved. */
  readonly folder: string
  readonly logger: Logger
  readonly releases: ReleaseStack
  readonly signal: AbortSignal
}

/**
 * Everything the user wrote is read before anything is made.
 * @throws SeeError as `LxcResources.allocate` does
 */
export async function allocateContainer(options: AllocationOptions): Promise<AllocatedContainer> {
  const { identifier, configuration, folder, logger, releases, signal } = options
  warnOfLegacyName(configuration.name, logger)
  const { domain: wanted, network: wantedNetwork, hypervisor: uri, limits } = configuration
  const file = resolve(folder, wanted.configuration)
  const text = readUserXml(file)
  const folders = await planFolders(wanted.filesystem, folder, identifier)
  const plan = await planNetwork(wantedNetwork, { folder, uri })
  const warnings = otherInterfaces(text, wantedNetwork, file)
  const sinking = plan === 'sinkhole' ? await sinkholePrograms() : undefined
  const guest = {
    identifier,
    macAddress: freshMacAddress(),
    interfaces: interfacesOnNetwork(text, wantedNetwork),
    logger,
  }
  const edit = (made?: MadeNetwork, owner?: OwnerRecord): EditedDomain =>
    rethrowAs('DOMAIN_XML_INVALID', file, () =>
      editDomainXml(text, {
        identifier,
        owner,
        disk: undefined,
        filesystems: folders,
        isContainer: true,
        network: sinking === undefined ? interfaceOn(plan, identifier, made) : sunkInterface(identifier),
        macAddress: made?.macAddress ?? guest.macAddress,
        others: othersOn(plan, guest, made),
        limits: {
          memoryMib: limits.memory_mib,
          networkMibPerSecond: limits.network_mib_per_second,
        },
      }),
    )
  const { xml } = edit()
  const container = rethrowAs('DOMAIN_XML_INVALID', file, () => readContainerXml(xml))
  await assertInit(file, container)
  signal.throwIfAborted()
  // Aborting a call midway would leak what it created.
  const hypervisor = await openHypervisor(uri, identifier, releases, signal)
  const kind = JSON.stringify([text, wanted.filesystem, wantedNetwork, limits])
  const accepted = await validateDomainXml(hypervisor, { identifier, kind, file, xml, flags: 0 }, releases)
  const [sunk, on] = await allOrCollect(
    sinking === undefined ? undefined : makeSunkNetwork(hypervisor, guest, sinking, releases, signal),
    isMade(plan) ? makeNetwork(hypervisor, guest, plan, releases) : undefined,
    makeFolders(folders, container.owner, releases),
  )
  const made = sunk?.made ?? on
  signal.throwIfAborted()
  const edited = edit(made, await releases.owner())
  logChanges(edited, file, logger)
  const watch = new GuestWatch(hypervisor, identifier, true)
  const virDomain = new TransientDomain(hypervisor, identifier, edited.xml, watch)
  const domain = new ContainerDomain(virDomain, sunk)
  if (sunk !== undefined) followSinkhole(sunk, virDomain, watch)
  const bound = new ProcessBound(identifier, limits.processes)
  const group = await bound.group()
  if (group === undefined) releases.defer('the bound of processes', () => bound.release())
  else {
    const entry = hostEntry('control-group', `the control group ${group}`, { path: group })
    await releases.defer(entry, () => bound.release())
  }
  // What it kills also leaves the group of the bound.
  const devices = devicesOf(made)
  const left = entryOf(containerKind, 'what libvirt leaves of the container', { devices })
  let isLost = false
  void hypervisor.closed.then((reason) => (isLost = reason !== undefined))
  await releases.defer(left, async () => {
    if (isLost) await killControllersOf(identifier)
    await removeLeftByLibvirt(identifier, devices)
  })
  const ending = { watch, stop: () => domain.destroy(), onStopped: () => made?.beginRelease() }
  await stopAtTheEnd(virDomain, ending, releases)
  const others = containerGauges({ domain: virDomain, watch, bound, limits })
  watchDomainLimits({ domain: virDomain, watch, disk: undefined, limits, others, logger }, releases)
  // libvirt takes its time for both, so the network goes while the container stops; but a container that still runs is
  // not to see the bridge go, for without it nothing tells what it sends from the host's own.
  releases.defer('the network', async () => {
    if (made !== undefined && (await domain.freeze())) made.beginDestroy()
  })
  return {
    hypervisor,
    domain,
    accepted,
    edited,
    network: made?.network,
    address: made?.address,
    neighbours: made?.neighbours,
    agent: new ContainerAgent(virDomain),
    sinkhole: sunk?.sinkhole,
    watch,
    warnings,
  }
}

/** Those on this host that SEE names. */
function devicesOf(made: MadeNetwork | undefined): string[] {
  const all = made === undefined ? [] : [made, ...made.others]
  return all.map(({ interface: { device } }) => device).filter((each) => each !== undefined)
}

/** A container whose sinkhole is gone would get no answers, and nothing would be on record: it is stopped. */
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
