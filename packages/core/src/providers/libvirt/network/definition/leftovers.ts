import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

const STATE_FOLDER = '/run/libvirt/network'

/** Removes what libvirt leaves of every transient network: two empty folders, and the number of its dnsmasq's process. */
export async function removeLeftOfNetwork(name: string): Promise<void> {
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([
    rmdir(join(STATE_FOLDER, name, 'ports')).then(() => rmdir(join(STATE_FOLDER, name))),
    rm(join(STATE_FOLDER, `${name}.pid`)),
  ])
}
