import type { Hypervisor } from '@see/libvirt'
import { mayRead } from '../../../disks/file-reader.ts'
import { attribute, devicesIn } from './device-elements.ts'
import { qemuUser } from '../../../disks/qemu-user.ts'
import { childOf, type Element } from '../../../common/xml-elements.ts'

/** Whether guests only read a disk, so that they can share its file. */
export function isOnlyRead(disk: Element): boolean {
  return disk.getAttribute('device') === 'cdrom' || childOf(disk, 'readonly') !== undefined
}

/**
 * The files of a domain's drives that guests only read, and that QEMU's user can read as they are. libvirt would make them
 * that user's, and where several guests have one, it would stay so.
 */
export async function readableFiles(hypervisor: Hypervisor, xml: string): Promise<ReadonlySet<string>> {
  const user = await qemuUser(hypervisor)
  const readable = new Set<string>()
  if (user === undefined) return readable
  for (const disk of devicesIn(xml, 'disk').filter(isOnlyRead)) {
    const file = attribute(disk, ['source'], 'file')
    // What is not there, or not on this host, is libvirt's to find.
    if (file !== undefined && (await mayRead(user, file).catch(() => false))) readable.add(file)
  }
  return readable
}
