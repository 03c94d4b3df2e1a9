import { isLibvirtError, type Hypervisor, type Network } from '@see/libvirt'
import { messageOf, SeeError } from '../errors.ts'
import type { DynamicAddress } from './dynamic-address.ts'
import { hostAddressRanges } from './host-addresses.ts'
import type { NetworkPlan } from './network-plan.ts'
import { type AddressRange, pickSubnet, rangeOf } from './subnet.ts'

const ATTEMPTS = 10

/**
 * Makes the network of one environment. Where the address is dynamic, another subnet is tried when somebody else was
 * quicker to take the one picked.
 * @throws SeeError `NETWORK_EXHAUSTED` or `NETWORK_INVALID`
 */
export async function createNetwork(
  hypervisor: Hypervisor,
  identifier: string,
  macAddress: string,
  { xml, dynamicAddress }: NetworkPlan,
): Promise<{ network: Network; subnet: AddressRange | undefined }> {
  const refused: AddressRange[] = []
  for (;;) {
    const subnet = dynamicAddress === undefined ? undefined : freeSubnet(dynamicAddress, refused)
    try {
      const network = await hypervisor.networkCreateXML(xml.for(identifier, macAddress, subnet))
      return { network, subnet }
    } catch (error) {
      if (subnet === undefined || !isAddressTaken(error)) {
        throw new SeeError('NETWORK_INVALID', `libvirt cannot make the network: ${messageOf(error)}`, {
          cause: error,
        })
      }
      refused.push(subnet)
      if (refused.length === ATTEMPTS) throw exhausted(dynamicAddress, error)
    }
  }
}

function freeSubnet(dynamicAddress: DynamicAddress, refused: readonly AddressRange[]): AddressRange {
  const range = rangeOf(dynamicAddress.ipv4, dynamicAddress.prefix)
  const taken = [...hostAddressRanges(), ...refused]
  const first = pickSubnet(range, dynamicAddress.subnet_prefix, taken)
  if (first === undefined) throw exhausted(dynamicAddress)
  return { first, last: first + 2 ** (32 - dynamicAddress.subnet_prefix) - 1 }
}

function exhausted(dynamicAddress: DynamicAddress | undefined, cause?: unknown): SeeError {
  const { ipv4, prefix, subnet_prefix } = dynamicAddress ?? { ipv4: '', prefix: 0, subnet_prefix: 0 }
  return new SeeError(
    'NETWORK_EXHAUSTED',
    `no free /${subnet_prefix} in ${ipv4}/${prefix}: all of them overlap networks of this host or of other sandboxes; configure another or a larger range in network.dynamic_address`,
    { cause },
  )
}

/** libvirt has no code of its own for "network is already in use by interface …". */
function isAddressTaken(error: unknown): boolean {
  return isLibvirtError(error) && /in use/i.test(error.message)
}
