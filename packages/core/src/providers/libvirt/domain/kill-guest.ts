import { basename } from 'node:path'
import {
  continueProcess,
  findProcesses,
  type FoundProcess,
  killProcess,
} from '../../../host/process-table.ts'
import { isOnThisHost } from '../daemon/open-daemon.ts'

/**
 * Kills the QEMU that libvirt started for a guest, without libvirt, and resolves when it has ended; nothing when there is
 * none.
 * @throws Error when it may not be killed, or does not end
 */
export async function killQemuOf(identifier: string, signal?: AbortSignal): Promise<void> {
  const found = await qemusOf(identifier)
  await Promise.all(found.map((each) => killProcess(each, signal)))
}

/** Lets QEMU go on, if it was stopped: it then heeds what libvirt asked of it. */
export async function continueQemuOf(identifier: string): Promise<void> {
  const found = await qemusOf(identifier)
  await Promise.all(found.map(continueProcess))
}

/** Whether the QEMUs of a daemon are processes of this host. */
export function hasQemuHere(uri: string): boolean {
  return isOnThisHost(uri) && uri.startsWith('qemu')
}

async function qemusOf(identifier: string): Promise<readonly FoundProcess[]> {
  return await findProcesses((argv) => isQemuOf(identifier, argv))
}

/** libvirt's `-name guest=NAME,debug-threads=on`, of a program that is called QEMU or KVM, or that is about to become it. */
function isQemuOf(identifier: string, argv: readonly string[]): boolean {
  const at = argv.indexOf('-name')
  if (!argv.slice(0, Math.max(at, 0)).some((word) => /^(qemu|kvm)/.test(basename(word)))) return false
  const [name] = argv[at + 1]?.split(',') ?? []
  return name === `guest=${identifier}`
}
