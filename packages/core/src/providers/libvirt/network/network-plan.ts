import { resolve } from 'node:path'
import { SeeError } from '../../../common/errors.ts'
import type { DynamicAddress } from './address/dynamic-address.ts'
import type { NetworkConfiguration } from './network-schema.ts'
import { NetworkXml } from './definition/network-xml.ts'
import { type NoLan, planNoLan } from './firewall/no-lan.ts'
import { planShared, type Sharing } from './shared/plan-shared.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'

/** A network to make: everything about it is read and checked. */
export interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: DynamicAddress | undefined
  /** Whether libvirt's DHCP server will know the guests' addresses. */
  readonly hasDhcp: boolean
  /** What keeps the guest of a network of its own from the host and what is near it; undefined when nothing does. */
  readonly noLan: NoLan | undefined
  readonly sharing: Sharing
}

/** A network to make, or a mode without one; undefined where the domain's XML says what there is. */
export type PlannedNetwork = NetworkPlan | 'none' | 'sinkhole' | undefined

const DEFAULT_ADDRESS: DynamicAddress = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 }

/**
 * @returns undefined when the domain's XML says what its interfaces are on, the mode where no network is made
 * @throws SeeError `FILE_UNREADABLE`, `NETWORK_INVALID` or `TOOL_MISSING`
 */
export async function planNetwork(
  wanted: NetworkConfiguration | undefined,
  { folder, uri }: { readonly folder: string; readonly uri: string },
): Promise<PlannedNetwork> {
  if (wanted === undefined) return undefined
  const { mode = 'nat-no-lan', dynamic_address: dynamicAddress = DEFAULT_ADDRESS } = wanted
  if (wanted.configuration !== undefined)
    return await planOfXml(wanted, resolve(folder, wanted.configuration))
  if (mode === 'none' || mode === 'sinkhole') {
    if (wanted.dynamic_address !== undefined) throw contradiction('a dynamic_address', `the mode "${mode}"`)
    if (wanted.sharing !== undefined) throw contradiction('a "sharing"', `the mode "${mode}"`)
    return mode
  }
  return {
    xml: NetworkXml.of(mode),
    dynamicAddress,
    hasDhcp: true,
    noLan: mode === 'nat-no-lan' ? await planNoLan() : undefined,
    sharing: await planShared({ ...wanted, mode }, { uri, dynamicAddress }),
  }
}

async function planOfXml(wanted: NetworkConfiguration, file: string): Promise<NetworkPlan> {
  const { mode, dynamic_address: dynamicAddress } = wanted
  if (mode !== undefined) throw contradiction('a mode', 'an XML file, which says how it forwards')
  if (wanted.sharing === 'shared') throw contradiction('the sharing "shared"', 'an XML file')
  const text = readUserXml(file)
  const xml = rethrowAs('NETWORK_INVALID', file, () => new NetworkXml(text))
  if (dynamicAddress !== undefined && xml.hasIp) {
    throw contradiction('a dynamic_address', `${file}, which has an <ip> element`)
  }
  const hasDhcp = xml.hasDhcp || dynamicAddress !== undefined
  const sharing = { shared: undefined, reason: 'its XML is given' }
  return { xml, dynamicAddress, hasDhcp, noLan: undefined, sharing }
}

function contradiction(one: string, other: string): SeeError {
  return new SeeError('NETWORK_INVALID', `network has ${one} and ${other}: remove one of the two`)
}

/** Whether there is a network to be made. */
export function isMade(plan: PlannedNetwork): plan is NetworkPlan {
  return typeof plan === 'object'
}
