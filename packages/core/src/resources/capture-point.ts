import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Domain } from '@see/libvirt'
import type { CapturePoint } from '../resources.ts'
import { firstInterfaceIn } from './domain-devices.ts'
import { bridgeNameOf } from './network-xml.ts'

const DEVICES = '/sys/class/net'

/**
 * Where the packets of a domain's first interface can be captured. On the bridge of the environment's own network no
 * address is given: nobody else is on it, and a guest that changes its address must not slip through; from a shared network such a guest sends nothing.
 * @param address the guest's on a shared network
 */
export async function capturePoint(
  domain: Domain,
  identifier: string,
  address?: string,
): Promise<CapturePoint | undefined> {
  const isActive = await domain.isActive()
  const first = firstInterfaceIn(await domain.getXMLDesc())
  if (first === undefined) return undefined
  const { target, network, macAddress } = first
  // The XML of a domain that is off may name a device that is made when it starts.
  if (isActive && target !== undefined) return { device: target }
  const bridge = first.bridge ?? (network === undefined ? undefined : await bridgeOf(domain, network))
  if (bridge === undefined) return undefined
  if (bridge === bridgeNameOf(identifier)) return { device: bridge }
  if (address === undefined) return { device: bridge, macAddress }
  const hosts = (await readFile(join(DEVICES, bridge, 'address'), 'latin1')).trim()
  return { device: bridge, macAddress, fromHost: { macAddress: hosts, address } }
}

async function bridgeOf({ hypervisor }: Domain, network: string): Promise<string> {
  return await (await hypervisor.networkLookupByName(network)).getBridgeName()
}
