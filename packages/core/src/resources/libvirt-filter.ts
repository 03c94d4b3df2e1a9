import { networkInterfaces } from 'node:os'
import type { Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'
import { noLanFilterXml } from './no-lan-filter.ts'
import type { AddressRange } from './subnet.ts'

/**
 * Defines the filter that keeps one environment's guest from the host and what is near it.
 * @returns its name
 * @throws SeeError `NETWORK_INVALID`
 */
export async function createNoLanFilter(
  hypervisor: Hypervisor,
  identifier: string,
  subnet: AddressRange,
  releases: ReleaseStack,
): Promise<string> {
  const name = `see-${identifier}`
  try {
    const xml = noLanFilterXml({ name, gateway: subnet.first + 1, hostAddresses: hostAddresses() })
    const { nwfilter } = await hypervisor.call('NWFILTER_DEFINE_XML', { xml })
    releases.defer(`network filter ${name}`, () => hypervisor.call('NWFILTER_UNDEFINE', { nwfilter }))
    return name
  } catch (error) {
    throw new SeeError('NETWORK_INVALID', `libvirt cannot make the network filter: ${messageOf(error)}`, {
      cause: error,
    })
  }
}

function hostAddresses(): string[] {
  return Object.values(networkInterfaces())
    .flatMap((addresses) => addresses ?? [])
    .filter(({ family, internal }) => family === 'IPv4' && !internal)
    .map(({ address }) => address)
}
