import { resolve } from 'node:path'
import { DomainUndefineFlags, type Hypervisor, type Network } from '@see/libvirt'
import type { Logger } from '../../../common/logger.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { allOrCollect } from '../../../common/all-or-collect.ts'
import { warnOfLegacyName } from '../../../configuration/legacy-name.ts'
import type { EvidenceWarning } from '../../../contract/evidence-warning.ts'
import type { AgentChannel } from '../../../contract/agent-ability.ts'
import type { OtherGuestDisk } from '../../../contract/disk-ability.ts'
import { fetchImage } from '../../../images/fetched-image.ts'
import { identityOf } from '../../../templates/identity.ts'
import { TemplateClone } from '../../../templates/template-clone.ts'
import type { Sinkhole } from '../../sinkhole/sinkhole.ts'
import { validateDomainXml } from '../domain/validate-domain-xml.ts'
import { assertStartable } from '../domain/assert-startable.ts'
import { watchDomainLimits } from '../domain/domain-limits.ts'
import { forgetStateAtTheEnd } from '../domain/forget-state.ts'
import { GuestWatch } from '../domain/guest-watch.ts'
import { libvirtAgentChannel } from '../domain/libvirt-agent.ts'
import { openHypervisor } from '../domain/open-hypervisor.ts'
import { stopAtTheEnd, TransientDomain } from '../domain/transient-domain.ts'
import { openSinkhole } from '../network/libvirt-sinkhole.ts'
import { interfaceOn, makeNetwork, othersOn } from '../network/make-network.ts'
import { isMade, planNetwork } from '../network/network-plan.ts'
import { interfacesOnNetwork, otherInterfaces } from '../network/other-interfaces.ts'
import type { GuestsStorage } from '../storage/guest-disk.ts'
import { makeOverlays, overlaysIn } from '../storage/other-disk-overlays.ts'
import { logChanges } from '../xml/domain-xml.ts'
import { otherDisks } from '../xml/other-disks.ts'
import type { LimitsEdit } from '../xml/limits-edit.ts'
import { variablesToCopy } from '../xml/variables-to-copy.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { readableFiles } from '../xml/readable-files.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'
import { editGuest } from './edit-guest.ts'
import { copyVariables } from './firmware-variables.ts'
import { assertUsable, makeDisk, readOverlaidDisks } from './guest-disks.ts'
import { guestsUser, sharesUser } from './guests-user.ts'
import { jailedGuest } from './jail/guests-jail.ts'
import { keptCard, unshared } from './kept-card.ts'
import type { QemuConfiguration } from './qemu-configuration.ts'
import { bootFilesIn, domainMachine } from './template/domain-machine.ts'
import { domainInMemoryFile } from './template/domain-in-memory-file.ts'
import { qemuGroup } from './template/qemu-group.ts'

/** In the place of the disk in XML that libvirt is only asked about. */
const UNMADE_DISK = '/dev/null'

/** What exists once everything is allocated. */
export interface AllocatedGuest {
  readonly hypervisor: Hypervisor
  readonly domain: TransientDomain
  /** The XML of a guest of its kind, as libvirt itself writes it. */
  readonly accepted: string
  readonly macAddress: string | undefined
  /** Who knows the guest's addresses. */
  readonly addressSource: 'lease' | 'agent'
  readonly agentChannel: AgentChannel | undefined
  readonly network: Network | undefined
  /** The guest's address on a shared network. */
  readonly address: string | undefined
  /** The addresses of the other guests on a shared network. */
  readonly neighbours: (() => Promise<readonly string[]>) | undefined
  readonly storage: GuestsStorage | undefined
  /** The overlays of the XML's further disks. */
  readonly otherDisks: readonly OtherGuestDisk[]
  /** The user's files that the guest is made from. */
  readonly inputs: readonly string[]
  /** What the guest's network ends in, in the mode of that name. */
  readonly sinkhole: Sinkhole | undefined
  /** QEMU's group, of a guest that is frozen into a template. */
  readonly group: number | undefined
  readonly watch: GuestWatch
  readonly warnings: readonly EvidenceWarning[]
}

interface AllocationOptions {
  readonly identifier: string
  readonly configuration: QemuConfiguration
  /** The folder against which relative paths are resolved. */
  readonly folder: string
  readonly logger: Logger
  /** The file in which the memory is kept, of a guest that is frozen into a template. */
  readonly memoryFile: string | undefined
  readonly releases: ReleaseStack
  readonly signal: AbortSignal
}

/**
 * Everything the user wrote is read before anything is made.
 * @throws SeeError as `QemuResources.allocate` does
 */
export async function allocateGuest(options: AllocationOptions): Promise<AllocatedGuest> {
  const { identifier, configuration, folder, logger, memoryFile, releases, signal } = options
  warnOfLegacyName(configuration.name, logger)
  const { disk, network: wanted, hypervisor: uri } = configuration
  const file = resolve(folder, configuration.domain.configuration)
  const xml = readUserXml(file)
  const template = memoryFile === undefined ? configuration.template : undefined
  const sharesMemory = memoryFile !== undefined || template !== undefined
  const users = { file, xml, hasDisk: disk !== undefined, sharesMemory }
  const kept = await keptCard(template)
  const plan = await planNetwork(kept === undefined ? wanted : unshared(wanted), { folder, uri })
  const warnings = [
    ...rethrowAs('DOMAIN_XML_INVALID', file, () => otherDisks(xml, disk?.others)),
    ...otherInterfaces(xml, wanted, file),
  ]
  const guest = {
    identifier,
    macAddress: kept ?? freshMacAddress(),
    interfaces: interfacesOnNetwork(xml, wanted),
    logger,
  }
  const limits = limitsEdit(configuration.limits)
  const readOnly: 'read-only' | undefined = disk?.others === 'read-only' ? 'read-only' : undefined
  const { xml: asked } = editGuest(users, {
    identifier,
    macAddress: guest.macAddress,
    clone: UNMADE_DISK,
    network: interfaceOn(plan, identifier),
    others: othersOn(plan, guest),
    otherDisks: readOnly,
    limits,
  })
  const usersVariables = rethrowAs('DOMAIN_XML_INVALID', file, () => variablesToCopy(xml))
  // Aborting a call midway would leak what it created.
  const [image, hypervisor] = await allOrCollect(
    disk === undefined ? undefined : fetchImage(disk, { folder, logger, signal }),
    openHypervisor(uri, identifier, releases, signal),
  )
  const kind = JSON.stringify([xml, disk?.others ?? null, wanted, sharesMemory, limits])
  const flags = DomainUndefineFlags.keepNvram
  const question = { identifier, kind, file, xml: asked, flags }
  const accepted = await validateDomainXml(hypervisor, question, releases)
  const ownInterfaces = plan === undefined ? 0 : guest.interfaces
  await assertStartable(hypervisor, { xml: asked, file, ownInterfaces })
  const written = await readOverlaidDisks(hypervisor, users, options)
  const inputs = [...(image === undefined ? [] : [image.path]), ...bootFilesIn(xml)]
  const clone =
    template === undefined ? undefined : await TemplateClone.open(template, inputs, { provider: 'libvirt' })
  const group = memoryFile === undefined ? undefined : await qemuGroup(hypervisor)
  const source = clone?.disk ?? image
  const isOverlay = disk?.clone.copy_on_write === true
  const images = [
    ...(isOverlay && source !== undefined ? [source] : []),
    ...written.map((each) => each.image),
  ]
  // The files of a template being built are those of all guests.
  const { own, whyShared } =
    memoryFile === undefined
      ? await guestsUser(hypervisor, { xml, isKvm: domainMachine(accepted).accelerator === 'kvm', images })
      : { own: undefined, whyShared: undefined }
  if (whyShared !== undefined) warnings.push(sharesUser(whyShared))
  const sunk = plan === 'sinkhole' ? await openSinkhole(hypervisor, releases, own) : undefined
  signal.throwIfAborted()
  if (source !== undefined) await assertUsable(hypervisor, source, isOverlay)
  const overlay = isOverlay ? await clone?.readOverlay() : undefined
  const [made, storage] = await allOrCollect(
    isMade(plan) ? makeNetwork(hypervisor, guest, plan, releases) : undefined,
    source === undefined ? undefined : makeDisk(hypervisor, { image: source, overlay }, options),
  )
  const overlays = storage === undefined ? undefined : await makeOverlays(storage.pool, written, signal)
  const variables =
    usersVariables === undefined ? undefined : await copyVariables(usersVariables, storage?.pool)
  signal.throwIfAborted()
  const edited = editGuest(users, {
    identifier,
    owner: await releases.owner(),
    clone: storage?.clone ?? '',
    backing: isOverlay ? source : undefined,
    network: interfaceOn(plan, identifier, made, sunk?.port),
    macAddress: made?.macAddress ?? guest.macAddress,
    others: othersOn(plan, guest, made),
    otherDisks: readOnly ?? overlays,
    readable: await readableFiles(hypervisor, asked),
    variables,
    user: own,
    limits,
  })
  logChanges(edited, file, logger)
  const hasOwnVariables = variables !== undefined
  const xmls = { identifier, accepted, xml: edited.xml, hasOwnVariables }
  await forgetStateAtTheEnd(hypervisor, xmls, releases)
  const memory = memoryFile === undefined ? clone?.memory : { path: memoryFile, isClone: false }
  const jailed = await jailedGuest(hypervisor, {
    identifier,
    xml: edited.xml,
    users: xml,
    accepted,
    disk: storage?.clone,
    memory: memory?.path,
  })
  warnings.push(...jailed.warnings)
  const watch = new GuestWatch(hypervisor, identifier)
  const domain =
    memory === undefined || storage === undefined
      ? new TransientDomain(hypervisor, identifier, jailed.xml, watch)
      : domainInMemoryFile(hypervisor, {
          identifier,
          xml: jailed.xml,
          watch,
          machine: domainMachine(accepted),
          memory,
          clone,
          identity: identityOf(identifier, edited.macAddress),
          disk: storage.clone,
          file,
        })
  const ending = { watch, stop: () => domain.destroy(), onStopped: () => made?.beginRelease() }
  await stopAtTheEnd(domain, ending, releases)
  watchDomainLimits({ domain, watch, disk: storage?.clone, limits: configuration.limits, logger }, releases)
  // No DHCP server here has given the address that a kept card goes on with.
  const isLeased =
    kept === undefined && (made?.network === undefined ? edited.isOnNetwork : isMade(plan) && plan.hasDhcp)
  return {
    hypervisor,
    domain,
    accepted,
    macAddress: edited.macAddress,
    addressSource: isLeased ? 'lease' : 'agent',
    agentChannel: edited.hasAgent ? libvirtAgentChannel(domain) : undefined,
    network: made?.network,
    address: made?.address,
    neighbours: made?.neighbours,
    storage,
    otherDisks: storage === undefined ? [] : overlaysIn(storage.pool, written),
    inputs,
    sinkhole: sunk?.sinkhole,
    group,
    watch,
    warnings,
  }
}

function limitsEdit(limits: QemuConfiguration['limits']): LimitsEdit {
  return {
    memoryMib: limits.memory_mib,
    diskMibPerSecond: limits.disk_mib_per_second,
    networkMibPerSecond: limits.network_mib_per_second,
  }
}
