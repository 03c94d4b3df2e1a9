import { isQemuError, type QemuJail, type QemuOptions, QemuProcess } from '@see/qemu'
import { findTool } from '../../../host/required-tool.ts'

/**
 * Starts QEMU in its jail. Where this host has none, it starts all the same, confined as a process without one can be.
 * @param unjailed called with the reason then
 * @throws QemuError as `QemuProcess.start` does
 */
export async function startQemu(
  options: Omit<QemuOptions, 'jail'>,
  jail: QemuJail,
  unjailed: (why: string) => void,
): Promise<QemuProcess> {
  try {
    if ((await findTool('bwrap')) !== undefined) return await QemuProcess.start({ ...options, jail })
    unjailed('bubblewrap is not installed; install it: apt-get install bubblewrap')
  } catch (error) {
    if (!isQemuError(error, 'QEMU_JAIL')) throw error
    unjailed(error.message)
  }
  return await QemuProcess.start(options)
}
