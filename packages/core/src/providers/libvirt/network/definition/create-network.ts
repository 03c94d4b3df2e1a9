import { isLibvirtError, type Hypervisor, type Network } from '@see/libvirt'
import { messageOf, SeeError } from '../../../../common/errors.ts'
import type { DynamicAddress } from '../address/dynamic-address.ts'
import { hostAddressRanges } from '../address/host-addresses.ts'
import { type AddressRange, pickSubnet, rangeOf } from '../../../../common/subnet.ts'

const ATTEMPTS = 10

/** @throws SeeError `NETWORK_INVALID` when libvirt refuses it */
export async function createNetwork(hypervisor: Hypervisor, xml: string): Promise<Network> {
  try {
    return await hypervisor.networkCreateXML(xml)
  } catch (error) {
    throw refusedByLibvirt(error)
  }
}

/**
 * Makes a network in a free subnet; another is tried if the picked one was taken meanwhile.
 * @throws SeeError `NETWORK_EXHAUSTED` or `NETWORK_INVALID`
 */
export async function createInFreeSubnet(
  hypervisor: Hypervisor,
  dynamicAddress: DynamicAddress,
  xmlFor: (subnet: AddressRange) => string,
): Promise<{ network: Network; subnet: AddressRange }> {
  const refused: AddressRange[] = []
  for (;;) {
    const subnet = freeSubnet(dynamicAddress, refused)
    try {
      return { network: await hypervisor.networkCreateXML(xmlFor(subnet)), subnet }
    } catch (error) {
      if (!isAddressTaken(error)) throw refusedByLibvirt(error)
      refused.push(subnet)
      if (refused.length === ATTEMPTS) throw exhausted(dynamicAddress, error)
    }
  }
}

function refusedByLibvirt(error: unknown): SeeError {
  return new SeeError('NETWORK_INVALID', `libvirt cannot make the network: ${messageOf(error)}`, {
    cause: error,
  })
}

function freeSubnet(dynamicAddress: DynamicAddress, refused: readonly AddressRange[]): AddressRange {
  const range = rangeOf(dynamicAddress.ipv4, dynamicAddress.prefix)
  const taken = [...hostAddressRanges(), ...refused]
  const first = pickSubnet(range, dynamicAddress.subnet_prefix, taken)
  if (first === undefined) throw exhausted(dynamicAddress)
  return { first, last: first + 2 ** (32 - dynamicAddress.subnet_prefix) - 1 }
}

function exhausted({ ipv4, prefix, subnet_prefix }: DynamicAddress, cause?: unknown): SeeError {
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
