import { basename } from 'node:path'
import { findProcesses, killProcess } from '../../../host/process-table.ts'

/**
 * Kills libvirt's process that supervises a container, without libvirt: one whose libvirtd was killed while it started goes on,
 * and makes the container's control groups. What runs in the container has to be killed after that.
 * @throws Error when it may not be killed, or does not end
 */
export async function killControllersOf(name: string): Promise<void> {
  const found = await findProcesses((argv) => isControllerOf(name, argv))
  await Promise.all(found.map((each) => killProcess(each)))
}

/** Source: virLXCProcessBuildControllerCmd of libvirt. */
function isControllerOf(name: string, argv: readonly string[]): boolean {
  const [program = ''] = argv
  return basename(program) === 'libvirt_lxc' && argv[argv.indexOf('--name') + 1] === name
}
