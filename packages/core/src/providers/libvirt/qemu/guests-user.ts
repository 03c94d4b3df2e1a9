import { stat } from 'node:fs/promises'
import type { Hypervisor } from '@see/libvirt'
import { childOf } from '../../../common/xml-elements.ts'
import { type EvidenceWarning, evidenceWarning } from '../../../contract/evidence-warning.ts'
import { type DiskImage, layersOf } from '../../../disks/disk-image.ts'
import { type FileReader, mayRead } from '../../../disks/file-reader.ts'
import { hasMandatoryControl, qemuUser } from '../../../disks/qemu-user.ts'
import { freshUid } from '../../../host/sandbox-user.ts'
import { attribute, devicesIn } from '../xml/device-elements.ts'
import { whySharedUser } from '../xml/own-user.ts'
import { isOnlyRead } from '../xml/readable-files.ts'
import { bootFilesIn } from './template/domain-machine.ts'

const OTHERS_MAY_OPEN = 0o006

/** Whom a guest's QEMU runs as. */
export interface GuestsUser {
  /** The user that only this guest has; undefined where it is that of all guests of the daemon. */
  readonly own: FileReader | undefined
  /** Why it is not its own; undefined where it is, and where the daemon is the user's own. */
  readonly whyShared: string | undefined
}

const DAEMONS_OWN: GuestsUser = { own: undefined, whyShared: undefined }

/**
 * A user of its own for a guest through libvirt, so that a QEMU that its guest has taken over cannot open another guest's disk.
 * It has the group of all guests, to which libvirt's folders and the files of templates are open.
 * @param images that QEMU reads
 */
export async function guestsUser(
  hypervisor: Pick<Hypervisor, 'uri' | 'getCapabilities'>,
  {
    xml,
    isKvm,
    images,
  }: { readonly xml: string; readonly isKvm: boolean; readonly images: readonly DiskImage[] },
): Promise<GuestsUser> {
  const all = await qemuUser(hypervisor)
  if (all === undefined) return DAEMONS_OWN
  const why = whySharedUser(xml)
  if (why !== undefined) return shared(why)
  const booted = bootFilesIn(xml)
  if (booted.length > 0 && (await hasMandatoryControl(hypervisor))) {
    return shared('AppArmor or SELinux allows a kernel only where libvirt starts it')
  }
  if (isKvm && !(await isOpenToAll('/dev/kvm'))) return shared('/dev/kvm is open to its group only')
  const own: FileReader = { uid: freshUid(), gid: all.gid, groups: [] }
  const layers = images.flatMap((image) => layersOf(image).map(({ path }) => path))
  for (const path of [...layers, ...booted, ...onlyReadIn(xml)]) {
    if (!(await mayRead(own, path).catch(() => false))) return shared(`${path} is not open to all users`)
  }
  return { own, whyShared: undefined }
}

/** What a report says of a guest that has no user of its own. */
export function sharesUser(why: string): EvidenceWarning {
  return evidenceWarning('QEMU_SHARES_USER', 'a user of its own for the guest’s QEMU', why)
}

function shared(whyShared: string): GuestsUser {
  return { own: undefined, whyShared }
}

/** The files and devices of drives that guests only read; libvirt can give one to one user at a time. */
function onlyReadIn(xml: string): string[] {
  return devicesIn(xml, 'disk')
    .filter((disk) => isOnlyRead(disk) && childOf(disk, 'source') !== undefined)
    .map((disk) => attribute(disk, ['source'], 'file') ?? attribute(disk, ['source'], 'dev') ?? '')
}

async function isOpenToAll(path: string): Promise<boolean> {
  const mode = (await stat(path).catch(() => undefined))?.mode ?? 0
  return (mode & OTHERS_MAY_OPEN) === OTHERS_MAY_OPEN
}
