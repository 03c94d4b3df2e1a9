import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

const STATE_FOLDER = '/run/libvirt/lxc'

/** Removes what libvirt leaves of every container that ever ran: three empty mount points and a socket. */
export async function removeLeftByLibvirt(name: string): Promise<void> {
  const mountPoints = ['dev', 'devpts', 'fuse'].map((kind) => rmdir(join(STATE_FOLDER, `${name}.${kind}`)))
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([...mountPoints, rm(join(STATE_FOLDER, `${name}.sock`))])
}
