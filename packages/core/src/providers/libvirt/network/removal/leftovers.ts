import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'

const STATE_FOLDER = '/run/libvirt/network'
export const DNSMASQ_FOLDER = '/var/lib/libvirt/dnsmasq'

/**
 * Removes what libvirt leaves of every transient network: two empty folders, and the number of its dnsmasq's process; and
 * dnsmasq's files of one that it could not start.
 */
export async function removeLeftOfNetwork(name: string): Promise<void> {
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([
    rmdir(join(STATE_FOLDER, name, 'ports')).then(() => rmdir(join(STATE_FOLDER, name))),
    rm(join(STATE_FOLDER, `${name}.pid`)),
    ...['conf', 'addnhosts', 'hostsfile'].map((kind) => rm(join(DNSMASQ_FOLDER, `${name}.${kind}`))),
  ])
}
