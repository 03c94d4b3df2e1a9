import { createHash } from 'node:crypto'
import { messageOf, SeeError } from '../../../../common/errors.ts'
import type { DynamicAddress } from '../address/dynamic-address.ts'
import type { NetworkMode } from '../definition/network-xml.ts'
import { findNft } from '../firewall/nftables.ts'
import type { SharedNetworkPlan } from './host-network.ts'

interface SharingConfiguration {
  readonly mode: NetworkMode
  readonly sharing?: 'shared' | 'own' | undefined
  readonly dynamic_address?: DynamicAddress | undefined
}

/** The network that the guest is to share, or why it has one of its own. */
export type Sharing =
  | { readonly shared: SharedNetworkPlan; readonly isDemanded: boolean }
  | { readonly shared: undefined; readonly reason: string }

/**
 * Guests share a network where they can be kept apart on it, unless the configuration says otherwise.
 * @throws SeeError `NETWORK_INVALID` or `TOOL_MISSING` where it demands what cannot be done
 */
export async function planShared(
  { mode, sharing, dynamic_address: given }: SharingConfiguration,
  { uri, dynamicAddress }: { readonly uri: string; readonly dynamicAddress: DynamicAddress },
): Promise<Sharing> {
  if (sharing === 'own') return own('"sharing" says so')
  const isDemanded = sharing === 'shared'
  if (!isDemanded && given !== undefined && isForOne(given)) {
    return own('"dynamic_address" has a single subnet, or subnets for a single guest')
  }
  try {
    const nft = process.geteuid?.() === 0 ? await findNft() : undefined
    if (nft !== undefined) {
      return { shared: { name: nameOf(mode, dynamicAddress, uri), mode, dynamicAddress, nft }, isDemanded }
    }
  } catch (error) {
    if (isDemanded) throw error
    return own(messageOf(error))
  }
  const reason = 'only root, with all its capabilities, can keep the guests of a shared network apart'
  if (!isDemanded) return own(reason)
  throw new SeeError('NETWORK_INVALID', `${reason}: remove "sharing" from network, or run as root`)
}

function own(reason: string): Sharing {
  return { shared: undefined, reason }
}

/** A range with room for no other guest means one guest, with the first address. */
function isForOne({ prefix, subnet_prefix }: DynamicAddress): boolean {
  return subnet_prefix === prefix || subnet_prefix === 30
}

/** The same for all guests of the same network. */
function nameOf(mode: NetworkMode, { ipv4, prefix, subnet_prefix }: DynamicAddress, uri: string): string {
  const hash = createHash('sha256').update(JSON.stringify([uri, ipv4, prefix, subnet_prefix]))
  return `see-${mode}-${hash.digest('hex').slice(0, 8)}`
}
