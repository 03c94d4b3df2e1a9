import type { Hypervisor, Network } from '@see/libvirt'
import type { ReleaseStack } from '../release-stack.ts'
import { createNoLanFilter } from './libvirt-filter.ts'
import { createNetwork } from './libvirt-network.ts'
import type { NetworkPlan } from './network-plan.ts'

/** The network of one environment. */
export interface SandboxNetwork {
  readonly network: Network
  /** The name of the network filter for the guest's interface. */
  readonly filter: string | undefined
  /** Whether libvirt's DHCP server knows the guest's address. */
  readonly hasDhcp: boolean
  /** Begins to destroy it before its turn comes among the releases, which then wait for it. */
  beginDestroy(): void
}

/**
 * Makes what is planned; it is destroyed at the end.
 * @param macAddress of the guest's interface
 * @throws SeeError `NETWORK_EXHAUSTED` or `NETWORK_INVALID`
 */
export async function makeNetwork(
  hypervisor: Hypervisor,
  { identifier, macAddress }: { readonly identifier: string; readonly macAddress: string },
  plan: NetworkPlan,
  releases: ReleaseStack,
): Promise<SandboxNetwork> {
  const { network, subnet } = await createNetwork(hypervisor, identifier, macAddress, plan)
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= network.destroy())
  releases.defer(`network ${identifier}`, destroy)
  const isFiltered = plan.filtered && subnet !== undefined
  return {
    network,
    filter: isFiltered ? await createNoLanFilter(hypervisor, identifier, subnet, releases) : undefined,
    hasDhcp: plan.xml.hasDhcp || subnet !== undefined,
    // What goes wrong is told when its turn comes.
    beginDestroy: () => void destroy().catch(() => undefined),
  }
}
