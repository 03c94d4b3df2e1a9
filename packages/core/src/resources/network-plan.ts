import { resolve } from 'node:path'
import type { Hypervisor, Network } from '@see/libvirt'
import { z } from 'zod'
import { SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'
import { type DynamicAddress, dynamicAddressSchema } from './dynamic-address.ts'
import { createNetwork } from './libvirt-network.ts'
import { NetworkXml } from './network-xml.ts'
import { orInvalid, readXml } from './user-xml.ts'

export const networkSchema = z.strictObject({
  /** The path of the network's XML; a NAT network when not given. */
  configuration: z.string().min(1).optional(),
  dynamic_address: dynamicAddressSchema.optional(),
})

/** What `network` says, read and checked. */
export interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: DynamicAddress | undefined
  /** Whether libvirt's DHCP server will know the guests' addresses. */
  readonly hasDhcp: boolean
}

/** @throws SeeError `FILE_UNREADABLE` or `NETWORK_INVALID` */
export async function planNetwork(
  { configuration, dynamic_address: dynamicAddress }: z.output<typeof networkSchema>,
  folder: string,
): Promise<NetworkPlan> {
  const file = configuration === undefined ? undefined : resolve(folder, configuration)
  const text = file === undefined ? undefined : await readXml(file)
  const xml = orInvalid('NETWORK_INVALID', file ?? 'network', () => new NetworkXml(text))
  if (dynamicAddress !== undefined && xml.hasIp) {
    throw new SeeError(
      'NETWORK_INVALID',
      `${file} has an <ip> element, and the configuration a dynamic_address: remove one of the two`,
    )
  }
  if (dynamicAddress === undefined && file === undefined) {
    throw new SeeError(
      'NETWORK_INVALID',
      'network needs a dynamic_address, a configuration (the path of an XML file), or both',
    )
  }
  return { xml, dynamicAddress, hasDhcp: xml.hasDhcp || dynamicAddress !== undefined }
}

export interface MadeNetwork {
  readonly network: Network
  /** Begins to destroy it before its turn comes among the releases, which then wait for it. */
  beginDestroy(): void
}

/** Makes the planned network for one environment; it is destroyed at the end. */
export async function makeNetwork(
  hypervisor: Hypervisor,
  identifier: string,
  { xml, dynamicAddress }: NetworkPlan,
  releases: ReleaseStack,
): Promise<MadeNetwork> {
  const network = await createNetwork(hypervisor, identifier, xml, dynamicAddress)
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= network.destroy())
  releases.defer(`network ${identifier}`, destroy)
  // What goes wrong is told when its turn comes.
  return { network, beginDestroy: () => void destroy().catch(() => undefined) }
}
