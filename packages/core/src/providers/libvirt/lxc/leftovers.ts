import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { killInGroupsOf, removeGroupsOf } from './libvirts-groups.ts'

const STATE_FOLDER = '/run/libvirt/lxc'

/**
 * Removes what libvirt leaves of every container that ever ran: three empty mount points and a socket; of one whose
 * controller was killed, its processes, its control groups, and two files of its state.
 */
export async function removeLeftByLibvirt(name: string): Promise<void> {
  await killInGroupsOf(name)
  const mountPoints = ['dev', 'devpts', 'fuse'].map((kind) => rmdir(join(STATE_FOLDER, `${name}.${kind}`)))
  const files = ['sock', 'pid', 'xml'].map((kind) => rm(join(STATE_FOLDER, `${name}.${kind}`)))
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([...mountPoints, ...files, removeGroupsOf(name)])
}
