import type { Finding } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'
import { findProgram } from '../../../host/find-program.ts'
import { findNftables } from './find-nftables.ts'

/** What this host has for networks through libvirt. */
export async function findNetworks(host: InspectedHost, signal: AbortSignal): Promise<Finding[]> {
  return [
    await findProgram(host, { program: 'dnsmasq', package: 'dnsmasq-base' }, signal),
    await findProgram(host, { program: 'iptables', package: 'iptables' }, signal),
    await findNftables(host, signal),
  ]
}
