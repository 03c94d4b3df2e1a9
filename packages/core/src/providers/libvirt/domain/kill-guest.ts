import { basename } from 'node:path'
import { findProcesses, killProcess } from '../../../host/process-table.ts'

/**
 * Kills the QEMU that libvirt started for a guest, without libvirt, and resolves when it has ended; nothing when there is
 * none.
 * @throws Error when it may not be killed, or does not end
 */
export async function killQemuOf(identifier: string, signal?: AbortSignal): Promise<void> {
  const found = await findProcesses((argv) => isQemuOf(identifier, argv))
  await Promise.all(found.map((each) => killProcess(each, signal)))
}

/** libvirt's `-name guest=NAME,debug-threads=on`, of a program that is called QEMU or KVM. */
function isQemuOf(identifier: string, argv: readonly string[]): boolean {
  const [program = ''] = argv
  if (!/^(qemu|kvm)/.test(basename(program))) return false
  const [name] = argv[argv.indexOf('-name') + 1]?.split(',') ?? []
  return name === `guest=${identifier}`
}
