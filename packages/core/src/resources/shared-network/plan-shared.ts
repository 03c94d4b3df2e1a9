import { createHash } from 'node:crypto'
import { SeeError } from '../../errors.ts'
import type { DynamicAddress } from '../dynamic-address.ts'
import type { NetworkMode } from '../network-xml.ts'
import { findNft } from '../nftables.ts'
import type { SharedNetworkPlan } from './host-network.ts'

const DEFAULT_ADDRESS: DynamicAddress = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 22 }

interface Wanted {
  readonly mode: NetworkMode
  readonly sharing?: 'shared' | 'own' | undefined
  readonly dynamic_address?: DynamicAddress | undefined
}

/**
 * @returns undefined when the guest is to have a network of its own
 * @throws SeeError `NETWORK_INVALID` or `TOOL_MISSING`
 */
export async function planShared(
  { mode, sharing, dynamic_address }: Wanted,
  uri: string,
): Promise<SharedNetworkPlan | undefined> {
  if (sharing !== 'shared') return undefined
  const nft = process.geteuid?.() === 0 ? await findNft() : undefined
  if (nft !== undefined) {
    const dynamicAddress = dynamic_address ?? DEFAULT_ADDRESS
    return { name: nameOf(mode, dynamicAddress, uri), mode, dynamicAddress, nft }
  }
  throw new SeeError(
    'NETWORK_INVALID',
    'only root, with all its capabilities, can keep the guests of a shared network apart: remove "sharing" from network, or run as root',
  )
}

/** The same for all that are to be on the same network. */
function nameOf(mode: NetworkMode, { ipv4, prefix, subnet_prefix }: DynamicAddress, uri: string): string {
  const hash = createHash('sha256').update(JSON.stringify([uri, ipv4, prefix, subnet_prefix]))
  return `see-${mode}-${hash.digest('hex').slice(0, 8)}`
}
