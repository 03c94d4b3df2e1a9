import { rm, rmdir } from 'node:fs/promises'
import { join } from 'node:path'
import { requireTool } from '../../../host/required-tool.ts'
import { runIp } from '../../../host/run-ip.ts'
import { seesDevice } from '../network/firewall/nftables.ts'
import { isDeviceName } from '../xml/interface-names.ts'
import { killInGroupsOf, removeGroupsOf } from './libvirts-groups.ts'

const STATE_FOLDER = '/run/libvirt/lxc'

/**
 * Removes what libvirt leaves of every container that ever ran: three empty mount points and a socket; of one whose
 * controller was killed, its processes, its control groups, and two files of its state; and the devices that a libvirtd had
 * made which was killed while it started the container.
 * @param devices names of those of its interfaces on this host
 */
export async function removeLeftByLibvirt(name: string, devices: readonly string[]): Promise<void> {
  await killInGroupsOf(name)
  for (const device of devices) await removeLeftDevice(device)
  const mountPoints = ['dev', 'devpts', 'fuse'].map((kind) => rmdir(join(STATE_FOLDER, `${name}.${kind}`)))
  const files = ['sock', 'pid', 'xml'].map((kind) => rm(join(STATE_FOLDER, `${name}.${kind}`)))
  // Where they are not, or are not ours to remove, nothing is lost.
  await Promise.allSettled([...mountPoints, ...files, removeGroupsOf(name)])
}

/** Both ends of it go; with a container that ran, they are gone already. */
async function removeLeftDevice(device: string): Promise<void> {
  if (!isDeviceName(device) || !(await seesDevice(device))) return
  const ip = await requireTool('ip', 'iproute2')
  await runIp(ip, 'link', 'delete', 'dev', device, 'type', 'veth').catch(async (error: unknown) => {
    // The kernel removes one a moment after the last process of its container.
    if (await seesDevice(device)) throw error
  })
}
