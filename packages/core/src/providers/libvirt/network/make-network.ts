import type { Hypervisor, Network } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { Logger } from '../../../common/logger.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import type { InterfaceEdit } from '../xml/parts/guests-interface.ts'
import { freshMacAddress } from '../../../common/mac-address.ts'
import type { DomainEdit } from '../xml/domain-xml.ts'
import { serializeNetworkChange, TURN_TIMEOUT_MS } from './definition/serialize-network-change.ts'
import { removeLeftOfNetwork } from './removal/leftovers.ts'
import { entryOf, evenAfterLoss, undoAsOthers } from '../daemon/libvirt-kind.ts'
import { networkKind } from './removal/network-kind.ts'
import { createInFreeSubnet, createNetwork } from './definition/create-network.ts'
import { isMade, type NetworkPlan, type PlannedNetwork } from './network-plan.ts'
import { deviceNameOf } from '../xml/interface-names.ts'
import { joinShared } from './shared/join-shared.ts'
import type { Joined } from './shared/shared-network.ts'
import type { AddressRange } from '../../../common/subnet.ts'

/** In the place of the sinkhole's port in XML that libvirt is only asked about. */
const UNOPENED_PORT = 1

/** What the plan makes of the guest's first interface. */
export function interfaceOn(
  plan: PlannedNetwork,
  identifier: string,
  made?: MadeNetwork,
  sinkholePort = UNOPENED_PORT,
): DomainEdit['network'] {
  if (plan === 'sinkhole') return { sinkholePort }
  if (!isMade(plan)) return plan
  return made?.interface ?? ownInterface(plan, identifier, undefined)
}

/** What it makes of the guest's further interfaces, if they are on it. */
export function othersOn(
  plan: PlannedNetwork,
  { identifier, interfaces }: Pick<NetworkedGuest, 'identifier' | 'interfaces'>,
  made?: MadeNetwork,
): readonly MadeInterface[] {
  if (made !== undefined || !isMade(plan)) return made?.others ?? []
  return Array.from({ length: interfaces - 1 }, (_, index) => ({
    interface: ownInterface(plan, identifier, undefined, index + 1),
    macAddress: freshMacAddress(),
  }))
}

function ownInterface(
  { noLan }: NetworkPlan,
  identifier: string,
  filter: string | undefined,
  index = 0,
): InterfaceEdit {
  const device = noLan !== undefined ? deviceNameOf(identifier, index) : undefined
  return { name: identifier, device, filter, isolated: false }
}

export interface MadeInterface {
  readonly interface: InterfaceEdit
  /** The guest's. */
  readonly macAddress: string
}

export interface MadeNetwork extends MadeInterface {
  readonly network: Network
  /** The guest's further interfaces. */
  readonly others: readonly MadeInterface[]
  /** The guest's on a shared network. */
  readonly address?: string
  /** The addresses of the other guests on a shared network. */
  readonly neighbours?: () => Promise<readonly string[]>
  /** Begins to destroy the network of a guest that sends nothing any more, before its turn comes among the releases. */
  beginDestroy(): void
  /** Begins to release the network of a guest that is gone, as early. */
  beginRelease(): void
}

export interface NetworkedGuest {
  readonly identifier: string
  /** The guest's on a network of its own; on a shared one, it has that of its place. */
  readonly macAddress: string
  /** How many of its interfaces are on the network. */
  readonly interfaces: number
  readonly logger: Logger
}

/**
 * Puts the guest of one environment on the planned network, and makes what that needs; it is removed at the end.
 * @throws SeeError `NETWORK_INVALID` or `NETWORK_EXHAUSTED`
 */
export async function makeNetwork(
  hypervisor: Hypervisor,
  guest: NetworkedGuest,
  plan: NetworkPlan,
  releases: ReleaseStack,
): Promise<MadeNetwork> {
  const { sharing } = plan
  if (sharing.shared === undefined) {
    return await makeOwnNetwork(hypervisor, guest, plan, releases, sharing.reason)
  }
  const joined = await joinShared(hypervisor, sharing.shared, { identifier: guest.identifier, releases })
  if (joined !== undefined) {
    const { network, place } = joined
    const others: Joined[] = []
    for (let index = 1; index < guest.interfaces; index++) {
      const other = await joinShared(hypervisor, sharing.shared, { identifier: guest.identifier, releases })
      if (other !== undefined) others.push(other)
    }
    guest.logger.info({ network: network.name }, 'the guest is on a shared network')
    return {
      network,
      ...interfaceAt(joined),
      others: others.map(interfaceAt),
      address: place.address,
      neighbours: async () => {
        const own = new Set([joined, ...others].map((each) => each.place.address))
        return [...(await joined.guests())].filter((each) => !own.has(each))
      },
      // Others are on it.
      beginDestroy: () => undefined,
      beginRelease: early(async () => {
        for (const each of [joined, ...others]) await each.leave()
      }),
    }
  }
  const reason = "a shared network needs libvirt's daemon in the network namespace of this process"
  if (!sharing.isDemanded) return await makeOwnNetwork(hypervisor, guest, plan, releases, reason)
  throw new SeeError('NETWORK_INVALID', `${reason}: remove "sharing" from network`)
}

function interfaceAt({ network, place }: Joined): MadeInterface {
  const { device, macAddress } = place
  return { interface: { name: network.name, device, filter: undefined, isolated: true }, macAddress }
}

async function makeOwnNetwork(
  hypervisor: Hypervisor,
  { identifier, macAddress, interfaces, logger }: NetworkedGuest,
  plan: NetworkPlan,
  releases: ReleaseStack,
  reason: string,
): Promise<MadeNetwork> {
  const { xml, dynamicAddress, noLan } = plan
  logger.info({ network: identifier, reason }, 'the guest gets a network of its own')
  const payload = { uri: hypervisor.uri }
  const thing = { identifier, kind: networkKind, payload }
  let made: Network | undefined
  let isBegun = false
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= serializeNetworkChange(async () => made?.destroy()))
  const recorded = await releases.defer(
    entryOf(networkKind, `network ${identifier}`, payload),
    evenAfterLoss(thing, async () => {
      // A daemon that was killed meanwhile had made some of it.
      if (isBegun && made === undefined) return await undoAsOthers(thing)
      await destroy()
      await removeLeftOfNetwork(identifier)
    }),
    TURN_TIMEOUT_MS,
  )
  const macAddresses = [macAddress, ...Array.from({ length: interfaces - 1 }, () => freshMacAddress())]
  const owner = await releases.owner()
  const xmlFor = (subnet?: AddressRange): string => xml.for(identifier, macAddresses, subnet, owner)
  isBegun = true
  const { network, subnet } = await serializeNetworkChange(async () =>
    dynamicAddress === undefined
      ? { network: await createNetwork(hypervisor, xmlFor()), subnet: undefined }
      : await createInFreeSubnet(hypervisor, dynamicAddress, xmlFor),
  )
  made = network
  recorded.made()
  const kept = macAddresses.map((each, index) => ({
    device: deviceNameOf(identifier, index),
    macAddress: each,
  }))
  const filters =
    noLan === undefined || subnet === undefined
      ? undefined
      : await noLan.keep(hypervisor, { identifier, interfaces: kept, subnet }, releases)
  const others = macAddresses.slice(1).map((each, index) => ({
    interface: ownInterface(plan, identifier, filters?.[index + 1], index + 1),
    macAddress: each,
  }))
  const begin = early(destroy)
  return {
    network,
    interface: ownInterface(plan, identifier, filters?.[0]),
    macAddress,
    others,
    beginDestroy: begin,
    beginRelease: begin,
  }
}

/** A failure is reported when its turn comes. */
function early(release: () => Promise<void>): () => void {
  return () => void release().catch(() => undefined)
}
