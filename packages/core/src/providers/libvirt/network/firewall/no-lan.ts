import type { Hypervisor, ResultOf } from '@see/libvirt'
import { messageOf, SeeError } from '../../../../common/errors.ts'
import type { ReleaseStack } from '../../../../common/release-stack.ts'
import { hostAddresses } from '../address/host-addresses.ts'
import { serializeNetworkChange, TURN_TIMEOUT_MS } from '../definition/serialize-network-change.ts'
import { bridgeNameOf } from '../../xml/interface-names.ts'
import { entryOf, evenAfterLoss } from '../../daemon/libvirt-kind.ts'
import { filterKind } from './filter-kind.ts'
import { tableKind, tableName } from './table-kind.ts'
import { applyRules, findNft, seesDevice } from './nftables.ts'
import { noLanFilterXml } from './no-lan-filter.ts'
import { noLanRules, withoutNoLanTable } from './no-lan-rules.ts'
import { type AddressRange, formatIpv4, gatewayOf, guestAddressOf } from '../../../../common/subnet.ts'

/** One environment's guest, and its network. */
interface KeptGuest {
  readonly identifier: string
  /** In their order, which is that of their addresses. */
  readonly interfaces: readonly { readonly device: string; readonly macAddress: string }[]
  readonly subnet: AddressRange
}

/** Blocks the guest from reaching the host and its local networks. */
export interface NoLan {
  /**
   * The network has to be there, the guest not yet running.
   * @returns the names of libvirt's filters for the guest's interfaces, where it is libvirt that keeps it
   * @throws SeeError `NETWORK_INVALID`
   */
  keep(
    hypervisor: Hypervisor,
    guest: KeptGuest,
    releases: ReleaseStack,
  ): Promise<readonly string[] | undefined>
}

/**
 * Chooses how: by a table of nftables where this process may make one, else by libvirt's network filter, which takes
 * longer and does not know the addresses that the host gets later.
 * @throws SeeError `TOOL_MISSING`
 */
export async function planNoLan(): Promise<NoLan> {
  const nft = await findNft()
  return {
    async keep(hypervisor, guest, releases) {
      const what = nft !== undefined ? 'table of nftables' : 'network filter'
      try {
        // The daemon of another network namespace, or host, has the bridge there.
        if (nft === undefined || !(await seesDevice(bridgeNameOf(guest.identifier)))) {
          return await defineFilters(hypervisor, guest, releases)
        }
        await makeTable(nft, guest, releases)
        return undefined
      } catch (error) {
        const message = `cannot make the ${what} that blocks the guest from the host's networks: ${messageOf(error)}`
        throw new SeeError('NETWORK_INVALID', message, { cause: error })
      }
    },
  }
}

async function makeTable(
  nft: string,
  { identifier, interfaces, subnet }: KeptGuest,
  releases: ReleaseStack,
): Promise<void> {
  const name = tableName(identifier)
  // Should nft be killed meanwhile, it is not known whether the table exists.
  const recorded = await releases.defer(
    entryOf(tableKind, `table ${name} of nftables`, { name }),
    () => serializeNetworkChange(() => applyRules(nft, withoutNoLanTable(name))),
    TURN_TIMEOUT_MS,
  )
  const guests = interfaces.map((each, index) => ({
    ...each,
    address: formatIpv4(guestAddressOf(subnet, index)),
  }))
  const gateway = formatIpv4(gatewayOf(subnet))
  const table = noLanRules({ name, bridge: bridgeNameOf(identifier), gateway, guests })
  await serializeNetworkChange(() => applyRules(nft, table))
  recorded.made()
}

async function defineFilters(
  hypervisor: Hypervisor,
  { identifier, interfaces, subnet }: KeptGuest,
  releases: ReleaseStack,
): Promise<string[]> {
  const names: string[] = []
  for (const [index, { macAddress }] of interfaces.entries()) {
    const name = index === 0 ? tableName(identifier) : `${tableName(identifier)}-${index + 1}`
    const xml = noLanFilterXml({
      name,
      gateway: formatIpv4(gatewayOf(subnet)),
      guest: { macAddress, address: formatIpv4(guestAddressOf(subnet, index)) },
      hostAddresses: hostAddresses(),
    })
    const payload = { uri: hypervisor.uri, name }
    let nwfilter: ResultOf<'NWFILTER_DEFINE_XML'>['nwfilter'] | undefined
    const undefine = async (): Promise<void> => {
      if (nwfilter !== undefined) await hypervisor.call('NWFILTER_UNDEFINE', { nwfilter })
    }
    const thing = { identifier, kind: filterKind, payload }
    const entry = entryOf(filterKind, `network filter ${name}`, payload)
    const recorded = await releases.defer(entry, evenAfterLoss(thing, undefine))
    nwfilter = (await hypervisor.call('NWFILTER_DEFINE_XML', { xml })).nwfilter
    recorded.made()
    names.push(name)
  }
  return names
}
