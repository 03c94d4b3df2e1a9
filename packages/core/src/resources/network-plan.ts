import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { z } from 'zod'
import { messageOf, SeeError } from '../errors.ts'
import { type DynamicAddress, dynamicAddressSchema } from './dynamic-address.ts'
import { NetworkXml } from './network-xml.ts'

/** What a resources file says of the network. */
export const networkSchema = z.strictObject({
  /**
   * `nat-no-lan`: the guest reaches the Internet but neither the host nor what is near it; `nat`: all that the host
   * reaches; `routed`: the same without translating addresses; `isolated`: only the host; `none`: nothing, for the guest
   * has no interface. The default is `nat-no-lan`, where no XML says otherwise.
   */
  mode: z.enum(['nat-no-lan', 'nat', 'routed', 'isolated', 'none']).optional(),
  /** The path of the network's XML. */
  configuration: z.string().min(1).optional(),
  /** Where a subnet is picked; in 10.200.0.0/16 when neither this nor XML is given. */
  dynamic_address: dynamicAddressSchema.optional(),
})

/** A network that is to be made: everything about it read and checked. */
export interface NetworkPlan {
  readonly xml: NetworkXml
  readonly dynamicAddress: DynamicAddress | undefined
  /** Whether the guest is to be kept from the host and what is near it. */
  readonly filtered: boolean
}

const DEFAULT_ADDRESS: DynamicAddress = { ipv4: '10.200.0.0', prefix: 16, subnet_prefix: 24 }

/** @throws SeeError `NETWORK_INVALID` or `FILE_UNREADABLE` */
export async function planNetwork(
  { mode, configuration, dynamic_address: dynamicAddress }: z.output<typeof networkSchema>,
  folder: string,
): Promise<NetworkPlan | 'none'> {
  if (configuration !== undefined) {
    if (mode !== undefined) throw contradiction('a mode', 'an XML file, which says how it forwards')
    const xml = await readNetworkXml(resolve(folder, configuration))
    if (dynamicAddress !== undefined && xml.hasIp) {
      throw contradiction('a dynamic_address', `${configuration}, which has an <ip> element`)
    }
    return { xml, dynamicAddress, filtered: false }
  }
  if (mode === 'none') {
    if (dynamicAddress !== undefined) throw contradiction('a dynamic_address', 'the mode "none"')
    return 'none'
  }
  const chosen = mode ?? 'nat-no-lan'
  return {
    xml: NetworkXml.of(chosen),
    dynamicAddress: dynamicAddress ?? DEFAULT_ADDRESS,
    filtered: chosen === 'nat-no-lan',
  }
}

function contradiction(one: string, other: string): SeeError {
  return new SeeError('NETWORK_INVALID', `network has ${one} and ${other}: remove one of the two`)
}

async function readNetworkXml(file: string): Promise<NetworkXml> {
  try {
    return new NetworkXml(await readFile(file, 'utf8'))
  } catch (error) {
    const code = error instanceof Error && 'syscall' in error ? 'FILE_UNREADABLE' : 'NETWORK_INVALID'
    throw new SeeError(code, `${file}: ${messageOf(error)}`, { cause: error })
  }
}
