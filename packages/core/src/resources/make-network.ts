import type { Hypervisor, Network } from '@see/libvirt'
import { SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'
import type { DomainEdit, InterfaceEdit } from './domain-xml.ts'
import { removeLeftOfNetwork } from './left-of-network.ts'
import { createInFreeSubnet, createNetwork } from './libvirt-network.ts'
import { isMade, type NetworkPlan } from './network-plan.ts'
import { deviceNameOf } from './network-xml.ts'
import { sharedNetwork } from './shared-network/shared-network.ts'
import type { AddressRange } from './subnet.ts'

/** What the plan makes of the guest's first interface. */
export function interfaceOn(
  plan: NetworkPlan | 'none' | undefined,
  identifier: string,
  made?: MadeNetwork,
): DomainEdit['network'] {
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
  /** Begins to destroy it before its turn comes among the releases, which then wait for it. */
  beginDestroy(): void
}

interface Guest {
  readonly identifier: string
  /** The guest's on a network of its own; on a shared one, it has that of its place. */
  readonly macAddress: string
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
  const { shared } = plan
  const joined = shared === undefined ? undefined : await sharedNetwork(shared).join(hypervisor, releases)
  if (joined !== undefined) {
    const { network, place } = joined
    const { device, macAddress } = place
    const edit = { name: network.name, device, filter: undefined, isolated: true }
    return { network, interface: edit, macAddress, beginDestroy: () => undefined }
  }
  if (shared !== undefined) {
    const message =
      'a shared network needs libvirt\'s daemon in the network namespace of this process: remove "sharing" from network'
    throw new SeeError('NETWORK_INVALID', message)
  }
  return await makeOwnNetwork(hypervisor, guest, plan, releases)
}

async function makeOwnNetwork(
  hypervisor: Hypervisor,
  { identifier, macAddress }: Guest,
  plan: NetworkPlan,
  releases: ReleaseStack,
): Promise<MadeNetwork> {
  const { xml, dynamicAddress, noLan } = plan
  releases.defer('what libvirt leaves of the network', () => removeLeftOfNetwork(identifier))
  const xmlFor = (subnet?: AddressRange): string => xml.for(identifier, macAddress, subnet)
  const { network, subnet } =
    dynamicAddress === undefined
      ? { network: await createNetwork(hypervisor, xmlFor()), subnet: undefined }
      : await createInFreeSubnet(hypervisor, dynamicAddress, xmlFor)
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= network.destroy())
  releases.defer(`network ${identifier}`, destroy)
  // What goes wrong is told when its turn comes.
  const beginDestroy = (): void => void destroy().catch(() => undefined)
  const filter =
    noLan === undefined || subnet === undefined
      ? undefined
      : await noLan.keep(
          hypervisor,
          { identifier, macAddress, subnet, device: deviceNameOf(identifier) },
          releases,
        )
  return { network, interface: ownInterface(plan, identifier, filter), macAddress, beginDestroy }
}
