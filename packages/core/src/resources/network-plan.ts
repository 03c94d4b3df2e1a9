import { resolve } from 'node:path'
import type { Hypervisor, Network } from '@see/libvirt'
import { z } from 'zod'
import { SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'
import type { DomainEdit } from './domain-xml.ts'
import { type DynamicAddress, dynamicAddressSchema } from './dynamic-address.ts'
import { removeLeftOfNetwork } from './left-of-network.ts'
import { createNetwork } from './libvirt-network.ts'
import { deviceNameOf, NetworkXml } from './network-xml.ts'
import { planNoLan } from './no-lan.ts'
import { orInvalid, readXml } from './user-xml.ts'

/** What a resources file says of the network. */
export const networkSchema = z.strictObject({
  mode: z
    .enum(['nat-no-lan', 'nat', 'routed', 'isolated', 'none'])
    .optional()
    .describe(
      '`nat-no-lan`: the guest reaches the Internet, but neither the host nor its networks; `nat`: all that the host reaches; `routed`: the same under its own address; `isolated`: only the host; `none`: nothing, for it has no interface. `nat-no-lan` when neither this nor `configuration` is given.',
    ),
  configuration: z.string().min(1).optional().describe("The path of a network's XML, in place of a mode."),
  dynamic_address: dynamicAddressSchema
    .optional()
    .describe(
      'Where a free subnet is picked, and how large; a /24 of 10.200.0.0/16 when neither this nor `configuration` is given.',
    ),
})

type NetworkConfiguration = z.output<typeof networkSchema>

/** A network that is to be made: everything about it read and checked. */
export interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: DynamicAddress | undefined
  /** Whether libvirt's DHCP server will know the guests' addresses. */
  readonly hasDhcp: boolean
  /** Whether the guest is to be kept from the host and what is near it. */
  readonly filtered: boolean
}

const DEFAULT_ADDRESS: DynamicAddress = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 }

/**
 * @returns undefined when the domain's XML says what its interfaces are on, "none" when it is to have none
 * @throws SeeError `FILE_UNREADABLE` or `NETWORK_INVALID`
 */
export async function planNetwork(
  wanted: NetworkConfiguration | undefined,
  folder: string,
): Promise<NetworkPlan | 'none' | undefined> {
  if (wanted === undefined) return undefined
  const { mode = 'nat-no-lan', dynamic_address: dynamicAddress } = wanted
  if (wanted.configuration !== undefined)
    return await planOfXml(wanted, resolve(folder, wanted.configuration))
  if (mode === 'none') {
    if (dynamicAddress !== undefined) throw contradiction('a dynamic_address', 'the mode "none"')
    return 'none'
  }
  return {
    xml: NetworkXml.of(mode),
    dynamicAddress: dynamicAddress ?? DEFAULT_ADDRESS,
    hasDhcp: true,
    filtered: mode === 'nat-no-lan',
  }
}

async function planOfXml(
  { mode, dynamic_address: dynamicAddress }: NetworkConfiguration,
  file: string,
): Promise<NetworkPlan> {
  if (mode !== undefined) throw contradiction('a mode', 'an XML file, which says how it forwards')
  const text = await readXml(file)
  const xml = orInvalid('NETWORK_INVALID', file, () => new NetworkXml(text))
  if (dynamicAddress !== undefined && xml.hasIp) {
    throw contradiction('a dynamic_address', `${file}, which has an <ip> element`)
  }
  return { xml, dynamicAddress, hasDhcp: xml.hasDhcp || dynamicAddress !== undefined, filtered: false }
}

function contradiction(one: string, other: string): SeeError {
  return new SeeError('NETWORK_INVALID', `network has ${one} and ${other}: remove one of the two`)
}

/** Whether there is a network to be made. */
export function isMade(plan: NetworkPlan | 'none' | undefined): plan is NetworkPlan {
  return plan !== undefined && plan !== 'none'
}

/** What the plan makes of the guest's first interface. */
export function interfaceOn(
  plan: NetworkPlan | 'none' | undefined,
  identifier: string,
  filter?: string,
): DomainEdit['network'] {
  if (!isMade(plan)) return plan
  return { name: identifier, device: plan.filtered ? deviceNameOf(identifier) : undefined, filter }
}

interface MadeNetwork {
  readonly network: Network
  /** The name of the network filter for the guest's interface. */
  readonly filter: string | undefined
  /** Begins to destroy it before its turn comes among the releases, which then wait for it. */
  beginDestroy(): void
}

/** Makes the planned network for one environment, and what its guest is kept by; both go at the end. */
export async function makeNetwork(
  hypervisor: Hypervisor,
  { identifier, macAddress }: { readonly identifier: string; readonly macAddress: string },
  plan: NetworkPlan,
  releases: ReleaseStack,
): Promise<MadeNetwork> {
  const noLan = plan.filtered ? await planNoLan() : undefined
  releases.defer('what libvirt leaves of the network', () => removeLeftOfNetwork(identifier))
  const { network, subnet } = await createNetwork(hypervisor, identifier, macAddress, plan)
  let destroyed: Promise<void> | undefined
  const destroy = (): Promise<void> => (destroyed ??= network.destroy())
  releases.defer(`network ${identifier}`, destroy)
  // What goes wrong is told when its turn comes.
  const beginDestroy = (): void => void destroy().catch(() => undefined)
  if (noLan === undefined || subnet === undefined) return { network, filter: undefined, beginDestroy }
  const guest = { identifier, macAddress, subnet, device: deviceNameOf(identifier) }
  const filter = await noLan.keep(hypervisor, guest, releases)
  return { network, filter, beginDestroy }
}
