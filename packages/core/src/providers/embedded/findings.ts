import type { Finding } from '../../contract/finding.ts'
import type { InspectedHost } from '../../contract/inspected-host.ts'
import { findJail } from '../../host/find-jail.ts'
import { findMke2fs, findProgram } from '../../host/find-program.ts'

/** What this host has for QEMU as a child of SEE. */
export async function findEmbedded(host: InspectedHost, signal: AbortSignal): Promise<Finding[]> {
  return [
    // Its guests are PCs, on every host.
    await findProgram(host, { program: 'qemu-system-x86_64', package: 'qemu-system-x86' }, signal),
    await findProgram(host, { program: 'qemu-img', package: 'qemu-utils' }, signal),
    await findProgram(host, { program: 'setpriv', package: 'util-linux' }, signal),
    await findProgram(host, { program: 'prlimit', package: 'util-linux' }, signal),
    await findJail(host, signal),
    await findMke2fs(host, signal),
  ]
}
