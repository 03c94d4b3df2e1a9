import { resolve } from 'node:path'
import { z } from 'zod'
import { SeeError } from '../../../common/errors.ts'
import { type DynamicAddress, dynamicAddressSchema } from './address/dynamic-address.ts'
import { NetworkXml } from './definition/network-xml.ts'
import { type NoLan, planNoLan } from './firewall/no-lan.ts'
import { planShared, type Sharing } from './shared/plan-shared.ts'
import { readUserXml } from '../xml/read-user-xml.ts'
import { orInvalid } from '../xml/user-xml.ts'

/** What a resources file says of the network. */
export const networkSchema = z.strictObject({
  mode: z
    .enum(['nat-no-lan', 'nat', 'routed', 'isolated', 'sinkhole', 'none'])
    .optional()
    .describe(
      '`nat-no-lan`: the guest reaches the Internet, but neither the host nor its networks; `nat`: all that the host reaches; `routed`: the same under its own address; `isolated`: only the host; `sinkhole`: nothing, but every name is answered and every connection accepted inside of SEE, and NetworkTracerHook records what was asked; `none`: nothing, for it has no interface. `nat-no-lan` when neither this nor `configuration` is given.',
    ),
  sharing: z
    .enum(['shared', 'own'])
    .optional()
    .describe(
      '`shared`: one network for all environments of a mode on this host, whose guests do not reach one another, nor have other addresses than those they are given; `own`: one for each environment, which is slower. When not given: `shared` where SEE runs as root on the host of libvirtd with nftables, unless `dynamic_address` has a single subnet or subnets for a single guest.',
    ),
  configuration: z.string().min(1).optional().describe("The path of a network's XML, in place of a mode."),
  other_interfaces: z
    .enum(['network', 'warn', 'refuse'])
    .default('network')
    .describe(
      "What happens when the domain's XML gives the guest a way to a network beside its first interface. `network`: further interfaces are put on this network, too, or refused in the mode `sinkhole`, and other ways out, such as a network card of the host, are a warning; `warn`: interfaces stay on what the XML says, and all are a warning each; `refuse`: the allocation is refused.",
    ),
  dynamic_address: dynamicAddressSchema
    .optional()
    .describe(
      'Where a free subnet is picked, and how large; a /24 of 10.200.0.0/16 when neither this nor `configuration` is given.',
    ),
})

export type NetworkConfiguration = z.output<typeof networkSchema>

/** A network that is to be made: everything about it read and checked. */
export interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: DynamicAddress | undefined
  /** Whether libvirt's DHCP server will know the guests' addresses. */
  readonly hasDhcp: boolean
  /** What keeps the guest of a network of its own from the host and what is near it; undefined when nothing does. */
  readonly noLan: NoLan | undefined
  readonly sharing: Sharing
}

/** A network that is to be made, or a mode in which none is; undefined where the domain's XML says what there is. */
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
  const xml = orInvalid('NETWORK_INVALID', file, () => new NetworkXml(text))
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
