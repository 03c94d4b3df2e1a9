import type { Finding } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'
import { findProgram } from '../../../host/find-program.ts'
import { findLibvirt } from '../findings/find-libvirt.ts'
import { findNetworks } from '../findings/find-networks.ts'

/** What this host has for containers through libvirt. */
export async function findLxc(host: InspectedHost, signal: AbortSignal): Promise<Finding[]> {
  return [
    await findLibvirt(host, 'lxc:///system', 'libvirt-daemon-driver-lxc', signal),
    await findProgram(host, { program: 'nsenter', package: 'util-linux' }, signal),
    await findProgram(host, { program: 'setpriv', package: 'util-linux' }, signal),
    ...(await findNetworks(host, signal)),
  ]
}
