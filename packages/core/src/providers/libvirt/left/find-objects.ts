import { access } from 'node:fs/promises'
import { basename } from 'node:path'
import type { Hypervisor } from '@see/libvirt'
import type { FoundEnvironment, LeftEntry } from '../../../contract/left.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf } from '../../../common/xml-elements.ts'
import type { Daemons } from '../daemon/daemons.ts'
import { entryOf } from '../daemon/libvirt-kind.ts'
import { type ObjectOwner, ownerIn } from '../daemon/owner-metadata.ts'
import { domainKind } from '../domain/domain-kind.ts'
import { networkKind } from '../network/removal/network-kind.ts'
import { isNetworkUsed } from '../network/shared/host-network.ts'
import { sharedEntry, sharedKind } from '../network/shared/shared-kind.ts'
import { poolKind } from '../storage/pool-kind.ts'

/** What a driver has of environments. */
export interface DriverObjects {
  readonly provider: string
  /** The system daemon's connection; who has used another finds what is left by the ledger only. */
  readonly uri: string
  /** Whether its networks and pools are those that its guests are on; all drivers have the same. */
  readonly hasNetworks: boolean
  /** What goes with each domain, made before it. */
  readonly beside: readonly LeftEntry[]
}

const SOCKETS = ['/run/libvirt/libvirt-sock', '/run/libvirt/virtqemud-sock']
/** What is looked at of each kind. */
const MOST = 10_000

interface FoundObject extends ObjectOwner {
  readonly entry: LeftEntry
}

/**
 * The environments of which libvirt has a domain or a network that says whose it is, with their pools, which cannot say
 * it but are named after them.
 * @throws SeeError `HYPERVISOR_UNREACHABLE`
 */
export async function findObjects(
  daemons: Daemons,
  driver: DriverObjects,
): Promise<readonly FoundEnvironment[]> {
  if (!(await isLibvirtHere())) return []
  const found = await objectsAt(await daemons.at(driver.uri), driver)
  const environments = new Map<
    string,
    { readonly owner: FoundObject['owner']; readonly entries: LeftEntry[] }
  >()
  for (const { identifier, owner, entry } of found) {
    const environment = environments.get(identifier) ?? { owner, entries: [] }
    environment.entries.push(entry)
    environments.set(identifier, environment)
  }
  return [...environments].map(([identifier, rest]) => ({ identifier, ...rest }))
}

/** Where there is no daemon, there is nothing of one. */
async function isLibvirtHere(): Promise<boolean> {
  const there = await Promise.allSettled(SOCKETS.map((path) => access(path)))
  return there.some(({ status }) => status === 'fulfilled')
}

/** In the order in which they are made. */
async function objectsAt(
  hypervisor: Hypervisor,
  { provider, hasNetworks, beside }: DriverObjects,
): Promise<FoundObject[]> {
  const { uri } = hypervisor
  const domains: FoundObject[] = []
  for (const domain of (await hypervisor.listAllDomains()).slice(0, MOST)) {
    const owner = ownerIn(await domain.getXMLDesc().catch(() => '<domain/>'))
    if (owner === undefined || owner.identifier !== domain.name) continue
    const entry = { provider, ...entryOf(domainKind, `domain ${domain.name}`, { uri }) }
    for (const each of [...beside, entry]) domains.push({ ...owner, entry: each })
  }
  if (!hasNetworks) return domains
  const networks: FoundObject[] = []
  for (const network of (await hypervisor.listAllNetworks()).slice(0, MOST)) {
    const owner = ownerIn(await network.getXMLDesc().catch(() => '<network/>'))
    if (owner === undefined) continue
    const entry = await networkEntry(network.name, owner.identifier, uri)
    if (entry === undefined) continue
    networks.push({ ...owner, entry: { provider, ...entry } })
  }
  const owners = new Map([...networks, ...domains].map((each) => [each.identifier, each]))
  return [...networks, ...(await poolsOf(hypervisor, provider, owners)), ...domains]
}

/** That of a shared network only where nothing uses it: who made it may have ended long ago. */
async function networkEntry(name: string, identifier: string, uri: string): Promise<LeftEntry | undefined> {
  if (name === identifier) return entryOf(networkKind, `network ${name}`, { uri })
  const entry = sharedEntry(uri, name)
  const isShared = sharedKind.payload.safeParse(entry.payload).success
  return isShared && !(await isNetworkUsed(name)) ? entry : undefined
}

/** The pools of environments whose owner is known. */
async function poolsOf(
  hypervisor: Hypervisor,
  provider: string,
  owners: ReadonlyMap<string, FoundObject>,
): Promise<FoundObject[]> {
  const { uri } = hypervisor
  const pools: FoundObject[] = []
  for (const pool of (await hypervisor.listAllStoragePools()).slice(0, MOST)) {
    const owner = owners.get(pool.name)
    if (owner === undefined || pool.uuid !== pool.name) continue
    const folder = folderIn(await pool.getXMLDesc().catch(() => '<pool/>'))
    if (folder === undefined || basename(folder) !== pool.name) continue
    const entry = entryOf(poolKind, `storage pool ${folder}`, { uri, folder })
    pools.push({ ...owner, entry: { provider, ...entry } })
  }
  return pools
}

function folderIn(xml: string): string | undefined {
  const pool = parseXml(xml).documentElement
  const target = pool === null ? undefined : childOf(pool, 'target')
  return target === undefined ? undefined : childOf(target, 'path')?.textContent?.trim()
}
