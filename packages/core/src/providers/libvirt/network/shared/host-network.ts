import { randomUUID } from 'node:crypto'
import { access, readdir, rmdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { type Hypervisor, isLibvirtError, type Network } from '@see/libvirt'
import { isCoded } from '../../../../common/is-coded.ts'
import type { DynamicAddress } from '../address/dynamic-address.ts'
import { serializeNetworkChange } from '../definition/serialize-network-change.ts'
import type { ObjectOwner } from '../../daemon/owner-metadata.ts'
import { removeLeftBridge } from '../removal/left-bridge.ts'
import { removeLeftOfNetwork } from '../removal/leftovers.ts'
import { createInFreeSubnet } from '../definition/create-network.ts'
import { bridgeNameOf } from '../../xml/interface-names.ts'
import { type NetworkMode, sharedNetworkXml, subnetIn } from '../definition/network-xml.ts'
import { applyRules, seesDevice } from '../firewall/nftables.ts'
import { withoutNoLanTable } from '../firewall/no-lan-rules.ts'
import { type AddressRange, formatIpv4, gatewayOf } from '../../../../common/subnet.ts'
import { removeHostLock, withHostLock } from './host-lock.ts'
import { type NetworkSlot, slotsOf } from '../address/network-slot.ts'
import { sharedNetworkRules } from './shared-network-rules.ts'
import { UsersFolder } from './users-folder.ts'

const FOLDER = '/run/see/networks'
/** Outside, so that its holder may remove the folders. */
const LOCK = '/run/see-networks.lock'

export interface SharedNetworkPlan {
  readonly name: string
  readonly mode: NetworkMode
  readonly dynamicAddress: DynamicAddress
  /** The program, for the table that keeps the guests. */
  readonly nft: string
}

/** A shared network that is there, with this process among its users. */
export interface OpenNetwork {
  readonly uuid: string
  readonly places: readonly NetworkSlot[]
  readonly users: UsersFolder
}

/**
 * Puts this process among the users of the network, which is made when it is the first.
 * @param maker the environment that it is made for, which its metadata name
 * @returns undefined when the daemon has it in another network namespace, where no table can be made for it
 */
export async function openNetwork(
  hypervisor: Hypervisor,
  plan: SharedNetworkPlan,
  maker: ObjectOwner | undefined,
): Promise<OpenNetwork | undefined> {
  const users = new UsersFolder(join(FOLDER, plan.name))
  return await changing(async () => {
    try {
      // An unused one was left by a process that was killed.
      const isLeft = !(await users.isUsed()) && (await find(hypervisor, plan.name)) !== undefined
      if (isLeft) await destroy(hypervisor, users, plan.name, plan.nft)
      await users.enter()
      const { uuid, subnet } =
        (await existing(hypervisor, plan.name)) ?? (await create(hypervisor, plan, users, maker))
      await sweepOthers(hypervisor, plan)
      if (await seesDevice(bridgeNameOf(uuid))) {
        return { uuid, places: await makeTable(uuid, subnet, plan), users }
      }
    } catch (error) {
      await leave(hypervisor, users, plan)
      throw error
    }
    await leave(hypervisor, users, plan)
    return undefined
  })
}

/** Takes this process from the users; the last one removes the network. */
export async function closeNetwork(
  hypervisor: Hypervisor,
  { users }: OpenNetwork,
  plan: SharedNetworkPlan,
): Promise<void> {
  await changing(() => leave(hypervisor, users, plan))
}

/** Makes a change while no other process on this host changes shared networks, and this process no network at all. */
function changing<Result>(change: () => Promise<Result>): Promise<Result> {
  return withHostLock(LOCK, async () => {
    try {
      return await serializeNetworkChange(change)
    } finally {
      // The lock has made its file, also where the change fails before it makes anything.
      if (await isMissing(FOLDER)) await removeHostLock(LOCK)
    }
  })
}

async function isMissing(path: string): Promise<boolean> {
  return await access(path).then(
    () => false,
    (error: unknown) => isCoded(error, 'ENOENT'),
  )
}

async function leave(
  hypervisor: Hypervisor,
  users: UsersFolder,
  { name, nft }: SharedNetworkPlan,
): Promise<void> {
  await users.leave()
  if (!(await users.isUsed())) await removeUnused(hypervisor, users, name, nft)
}

/** Removes the network, unless a process or a guest uses it: what one that was killed had not done. */
export async function leaveForKilled(hypervisor: Hypervisor, name: string, nft: string): Promise<void> {
  const users = new UsersFolder(join(FOLDER, name))
  // Another one has done it: its guests are many, and the folder goes last.
  if ((await isMissing(users.path)) && (await find(hypervisor, name)) === undefined) return
  await changing(async () => {
    if (!(await users.isUsed())) await removeUnused(hypervisor, users, name, nft)
  })
}

/** Removes the folders and the lock where there is no shared network: a process that was killed had made them first. */
export async function sweepSharedNetworks(signal: AbortSignal): Promise<void> {
  if ((await isMissing(LOCK)) && (await isMissing(dirname(FOLDER)))) return
  await withHostLock(
    LOCK,
    async () => {
      await removeEmpty()
      if (await isMissing(FOLDER)) await removeHostLock(LOCK)
    },
    signal,
  )
}

/** Removes the folders, unless there is a network. */
async function removeEmpty(): Promise<void> {
  try {
    await rmdir(FOLDER)
  } catch (error) {
    // One that was killed may not have made it yet.
    if (!isCoded(error, 'ENOENT')) return
  }
  await rmdir(dirname(FOLDER)).catch(() => undefined)
}

/** Whether a process or a guest uses a shared network. */
export async function isNetworkUsed(name: string): Promise<boolean> {
  const { isUsed } = await new UsersFolder(join(FOLDER, name)).look()
  return isUsed
}

/** What processes that were killed have left of other shared networks. */
async function sweepOthers(hypervisor: Hypervisor, { name, nft }: SharedNetworkPlan): Promise<void> {
  const others = await readdir(FOLDER)
  for (const other of others.filter((each) => each !== name)) {
    const users = new UsersFolder(join(FOLDER, other))
    if (await users.isUsed()) continue
    // What is not this daemon's is left for those who use that one.
    if ((await find(hypervisor, other)) !== undefined) await removeUnused(hypervisor, users, other, nft)
  }
}

async function removeUnused(
  hypervisor: Hypervisor,
  users: UsersFolder,
  name: string,
  nft: string,
): Promise<void> {
  await destroy(hypervisor, users, name, nft)
  await users.remove()
  await removeEmpty()
}

async function destroy(hypervisor: Hypervisor, users: UsersFolder, name: string, nft: string): Promise<void> {
  const network = await find(hypervisor, name)
  try {
    await network?.destroy()
  } finally {
    await applyRules(nft, withoutNoLanTable(name))
  }
  await removeLeftOfBridge(hypervisor, users, name)
  await removeLeftOfNetwork(name)
}

/** What a libvirtd that was killed left of a network that it was making or removing, which the next one does not know. */
async function removeLeftOfBridge(hypervisor: Hypervisor, users: UsersFolder, name: string): Promise<void> {
  const bridge = await users.bridge()
  if (bridge !== undefined) await removeLeftBridge(hypervisor, { bridge, network: name })
}

async function find(hypervisor: Hypervisor, name: string): Promise<Network | undefined> {
  try {
    return await hypervisor.networkLookupByName(name)
  } catch (error) {
    if (isLibvirtError(error) && error.code === 'VIR_ERR_NO_NETWORK') return undefined
    throw error
  }
}

interface NetworkSubnet {
  readonly uuid: string
  readonly subnet: AddressRange
}

async function existing(hypervisor: Hypervisor, name: string): Promise<NetworkSubnet | undefined> {
  const network = await find(hypervisor, name)
  return network === undefined
    ? undefined
    : { uuid: network.uuid, subnet: subnetIn(await network.getXMLDesc()) }
}

async function create(
  hypervisor: Hypervisor,
  { name, mode, dynamicAddress }: SharedNetworkPlan,
  users: UsersFolder,
  maker: ObjectOwner | undefined,
): Promise<NetworkSubnet> {
  await removeLeftOfBridge(hypervisor, users, name)
  const uuid = randomUUID()
  // Its UUID is drawn, so that a later network does not get the leases of this one.
  await users.recordBridge(bridgeNameOf(uuid))
  const { subnet } = await createInFreeSubnet(hypervisor, dynamicAddress, (free) =>
    sharedNetworkXml(mode, { name, uuid, subnet: free, maker }),
  )
  return { uuid, subnet }
}

/** The table holds for every place there is. Making it again changes nothing for the guests that run. */
async function makeTable(
  uuid: string,
  subnet: AddressRange,
  { name, mode, nft }: SharedNetworkPlan,
): Promise<NetworkSlot[]> {
  const places = slotsOf(uuid, subnet)
  const table = {
    name,
    bridge: bridgeNameOf(uuid),
    gateway: formatIpv4(gatewayOf(subnet)),
    guests: places,
  }
  await applyRules(nft, withoutNoLanTable(name) + sharedNetworkRules(table, mode === 'nat-no-lan'))
  return places
}
