import type { Hypervisor } from '@see/libvirt'
import { SeeError } from '../../../../common/errors.ts'
import { qemuUser } from '../../../../disks/qemu-user.ts'

/**
 * The group that libvirt starts QEMU in; undefined where it is that of the daemon's own user, as in session mode.
 * @throws SeeError `STORAGE_FAILED` when this user cannot give it files
 */
export async function qemuGroup(hypervisor: Hypervisor): Promise<number | undefined> {
  const user = await qemuUser(hypervisor)
  if (user === undefined) return undefined
  if (process.geteuid?.() === 0) return user.gid
  const why = `${hypervisor.uri} runs guests as user ${user.uid}, to whom only root can open the files of a template`
  throw new SeeError('STORAGE_FAILED', `${why}: build it as root, or with "hypervisor": "qemu:///session"`)
}
