import type { Domain } from '@see/libvirt'
import type { CapturePoint } from '../resources.ts'
import { firstInterfaceIn } from './domain-devices.ts'
import { bridgeNameOf } from './network-xml.ts'

/**
 * Where the packets of a domain's first interface can be captured. On the bridge of the environment's own network no
 * address is given: nobody else is on it, and a guest that changes its address must not slip through.
 */
export async function capturePoint(domain: Domain, identifier: string): Promise<CapturePoint | undefined> {
  const isActive = await domain.isActive()
  const first = firstInterfaceIn(await domain.getXMLDesc())
  if (first === undefined) return undefined
  const { target, network, macAddress } = first
  // The XML of a domain that is off may name a device that is made when it starts.
  if (isActive && target !== undefined) return { device: target }
  const bridge = first.bridge ?? (network === undefined ? undefined : await bridgeOf(domain, network))
  if (bridge === undefined) return undefined
  return bridge === bridgeNameOf(identifier) ? { device: bridge } : { device: bridge, macAddress }
}

async function bridgeOf({ hypervisor }: Domain, network: string): Promise<string> {
  return await (await hypervisor.networkLookupByName(network)).getBridgeName()
}
