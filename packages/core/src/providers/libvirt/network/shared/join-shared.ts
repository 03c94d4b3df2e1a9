import type { Hypervisor } from '@see/libvirt'
import { SeeError } from '../../../../common/errors.ts'
import type { SharedNetworkPlan } from './host-network.ts'
import { type Joined, SharedNetwork, type SharingGuest } from './shared-network.ts'

const networks = new Map<string, SharedNetwork>()

/**
 * Puts a guest on the shared network, or on a further one when it is full.
 * @returns undefined when they are out of this process's reach
 * @throws SeeError `NETWORK_INVALID` or `NETWORK_EXHAUSTED`
 */
export async function joinShared(
  hypervisor: Hypervisor,
  plan: SharedNetworkPlan,
  guest: SharingGuest,
): Promise<Joined | undefined> {
  const full: SharedNetwork[] = []
  try {
    for (;;) {
      const network = sharedNetwork(plan, full.length + 1)
      const joined = await network.join(hypervisor, guest, 'unleased')
      if (joined === 'out of reach') return undefined
      if (joined !== 'full') return joined
      full.push(network)
    }
  } catch (error) {
    if (!(error instanceof SeeError && error.code === 'NETWORK_EXHAUSTED')) throw error
    // Where there is no room for a further network, a place whose last guest's lease is still there will do.
    for (const network of full) {
      const joined = await network.join(hypervisor, guest, 'anywhere')
      if (typeof joined === 'object') return joined
    }
    throw error
  }
}

/** This process's only one of that name. */
function sharedNetwork(plan: SharedNetworkPlan, number: number): SharedNetwork {
  const name = number === 1 ? plan.name : `${plan.name}-${number}`
  const network = networks.get(name) ?? new SharedNetwork({ ...plan, name })
  networks.set(name, network)
  return network
}
