import { type EvidenceWarning, evidenceWarning } from '../../../contract/evidence-warning.ts'
import { devicesIn, ensureDevices } from './device-elements.ts'
import { guestsDiskIn } from './parts/guests-disk.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf, type Element } from '../../../common/xml-elements.ts'

/** What a resources file says is done with them. */
export type OtherDisksPolicy = 'overlay' | 'read-only' | 'shared'

const SHARED =
  'the guest writes to it for good, and disk hooks do not read it; say <readonly/> in it, or leave it out of the XML'

/**
 * Warns of each disk and folder of the host in a domain's XML that its guest can write, and that disk hooks do not read.
 * @param others what is done with disks beside the first; undefined when the first is also the user's
 */
export function otherDisks(xml: string, others: OtherDisksPolicy | undefined): EvidenceWarning[] {
  const isUsers = others === undefined || others === 'shared'
  const disks = isUsers ? otherDisksIn(xml, others !== undefined) : []
  const folders = devicesIn(xml, 'filesystem').filter(isWritable)
  return [...disks, ...folders].map((each) => evidenceWarning('DISK_NOT_COMPARED', nameOfDisk(each), SHARED))
}

/**
 * The disks that a guest can write to.
 * @param hasOwnDisk the first disk is a clone that the environment makes
 */
export function otherDisksIn(xml: string, hasOwnDisk: boolean): Element[] {
  const root = parseXml(xml).documentElement
  return root === null ? [] : otherDisksOf(ensureDevices(root), hasOwnDisk)
}

export function otherDisksOf(devices: Element, hasOwnDisk: boolean): Element[] {
  const own = hasOwnDisk ? guestsDiskIn(devices) : undefined
  return childrenOf(devices, 'disk').filter(
    (each) =>
      each !== own &&
      each.getAttribute('device') !== 'cdrom' &&
      isWritable(each) &&
      childOf(each, 'source') !== undefined,
  )
}

function isWritable(device: Element): boolean {
  return childOf(device, 'readonly') === undefined
}

export function nameOfDisk(device: Element): string {
  const target = childOf(device, 'target')
  const name = target?.getAttribute('dev') ?? target?.getAttribute('dir') ?? 'without a name'
  return `the ${device.localName === 'disk' ? 'disk' : 'folder'} ${name.slice(0, 100)} of the domain’s XML`
}
