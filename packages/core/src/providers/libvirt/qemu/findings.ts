import type { Finding } from '../../../contract/finding.ts'
import type { InspectedHost } from '../../../contract/inspected-host.ts'
import { findJail } from '../../../host/find-jail.ts'
import { findMke2fs, findProgram } from '../../../host/find-program.ts'
import { findAcceleration } from '../findings/find-acceleration.ts'
import { findLibvirt } from '../findings/find-libvirt.ts'
import { findOwnUsers } from '../findings/find-own-users.ts'
import { findNetworks } from '../findings/find-networks.ts'

/** What this host has for QEMU through libvirt. */
export async function findQemu(host: InspectedHost, signal: AbortSignal): Promise<Finding[]> {
  const [emulator, emulatorPackage] =
    host.architecture === 'arm64'
      ? ['qemu-system-aarch64', 'qemu-system-arm']
      : ['qemu-system-x86_64', 'qemu-system-x86']
  const program = await findProgram(host, { program: emulator, package: emulatorPackage }, signal)
  return [
    program,
    await findProgram(host, { program: 'qemu-img', package: 'qemu-utils' }, signal),
    await findLibvirt(host, 'qemu:///system', 'libvirt-daemon-driver-qemu', signal),
    await findMke2fs(host, signal),
    await findJail(host, signal),
    ...(program.ok ? [await findAcceleration(host, emulator, signal)] : []),
    await findOwnUsers(host, signal),
    ...(await findNetworks(host, signal)),
  ]
}
