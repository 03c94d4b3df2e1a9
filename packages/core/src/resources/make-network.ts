import type { Hypervisor, Network } from '@see/libvirt'
import { SeeError } from '../errors.ts'
import type { Logger } from '../logger.ts'
import type { ReleaseStack } from '../release-stack.ts'
import type { DomainEdit, InterfaceEdit } from './domain-xml.ts'
import { inTurn, TURN_TIMEOUT_MS } from './in-turn.ts'
import { removeLeftOfNetwork } from './left-of-network.ts'
import { createInFreeSubnet, createNetwork } from './libvirt-network.ts'
import { isMade, type NetworkPlan, type PlannedNetwork } from './network-plan.ts'
import { deviceNameOf } from './network-xml.ts'
import { joinShared } from './shared-network/join-shared.ts'
import type { AddressRange } from './subnet.ts'

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

function ownInterface({ noLan }: NetworkPlan, identifier: string, filter: string | undefined) {
  const device = noLan !== undefined ? deviceNameOf(identifier) : undefined
  return { name: identifier, device, filter, isolated: false }
}

export interface MadeNetwork {
  readonly network: Network
  readonly interface: InterfaceEdit
  /** The guest's. */
  readonly macAddress: string
  /** The guest's on a shared network. */
  readonly address?: string
  /** Begins to destroy the network of a guest that sends nothing any more, before its turn comes among the releases. */
  beginDestroy(): void
  /** Begins to release the network of a guest that is gone, as early. */
  beginRelease(): void
}

export interface Guest {
  readonly identifier: string
  /** The guest's on a network of its own; on a shared one, it has that of its place. */
  readonly macAddress: string
  readonly logger: Logger
}

/**
 * Puts the guest of one environment on the planned network, and makes what is to be made for that; it goes at the end.
 * @throws SeeError `NETWORK_INVALID` or `NETWORK_EXHAUSTED`
 */
export async function makeNetwork(
  hypervisor: Hypervisor,
  guest: Guest,
  plan: NetworkPlan,
  releases: ReleaseStack,
): Promise<MadeNetwork> {
  const { sharing } = plan
  if (sharing.shared === undefined) {
    return await makeOwnNetwork(hypervisor, guest, plan, releases, sharing.reason)
  }
  const joined = await joinShared(hypervisor, sharing.shared, releases)
  if (joined !== undefined) {
    const { network, place } = joined
    guest.logger.info({ network: network.name }, 'the guest is on a shared network')
    return {
      network,
      interface: { name: network.name, device: place.device, filter: undefined, isolated: true },
      macAddress: place.macAddress,
      address: place.address,
      // Others are on it.
      beginDestroy: () => undefined,
      beginRelease: early(() => joined.leave()),
    }
  }
  const reason = "a shared network needs libvirt's daemon in the network namespace of this process"
  if (!sharing.isDemanded) return await makeOwnNetwork(hypervisor, guest, plan, releases, reason)
  throw new SeeError('NETWORK_INVALID', `${reason}: remove "sharing" from network`)
}

async function makeOwnNetwork(
  hypervisor: Hypervisor,
  { identifier, macAddress, logger }: Guest,
  plan: NetworkPlan,
  releases: ReleaseStack,
  reason: string,
): Promise<MadeNetwork> {
  const { xml, dynamicAddress, noLan } = plan
  logger.info({ network: identifier, reason }, 'the guest gets a network of its own')
  releases.defer('what libvirt leaves of the network', () => removeLeftOfNetwork(identifier))
  const xmlFor = (subnet?: AddressRange): string => xml.for(identifier, macAddress, subnet)
  const { network, subnet } = await inTurn(async () =>
    dynamicAddress === undefined
      ? { network: await createNetwork(hypervisor, xmlFor()), subnet: undefined }
      : await createInFreeSubnet(hypervisor, dynamicAddress, xmlFor),
  )
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= inTurn(() => network.destroy()))
  releases.defer(`network ${identifier}`, destroy, TURN_TIMEOUT_MS)
  const filter =
    noLan === undefined || subnet === undefined
      ? undefined
      : await noLan.keep(
          hypervisor,
          { identifier, macAddress, subnet, device: deviceNameOf(identifier) },
          releases,
        )
  const begin = early(destroy)
  return {
    network,
    interface: ownInterface(plan, identifier, filter),
    macAddress,
    beginDestroy: begin,
    beginRelease: begin,
  }
}

/** What goes wrong is told when its turn comes. */
function early(release: () => Promise<void>): () => void {
  return () => void release().catch(() => undefined)
}
