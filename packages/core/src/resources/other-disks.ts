import { type EvidenceWarning, evidenceWarning } from '../evidence-warning.ts'
import { guestsDiskIn } from './domain-xml.ts'
import { childOf, childrenOf, type Element, parseXml } from './xml.ts'

const WHY =
  'the guest writes to it for good, and disk hooks do not read it; say <readonly/> in it, or leave it out of the XML'

/**
 * Warns of each disk and folder of the host in a domain's XML that its guest can write, and that is not the environment's
 * own.
 * @param hasOwnDisk the first disk is a clone that the environment makes
 */
export function otherDisks(xml: string, hasOwnDisk: boolean): EvidenceWarning[] {
  const root = parseXml(xml).documentElement
  const devices = root === null ? undefined : childOf(root, 'devices')
  if (devices === undefined) return []
  const own = hasOwnDisk ? guestsDiskIn(devices) : undefined
  const disks = childrenOf(devices, 'disk').filter(
    (each) => each !== own && each.getAttribute('device') !== 'cdrom',
  )
  return [...disks, ...childrenOf(devices, 'filesystem')]
    .filter((each) => childOf(each, 'readonly') === undefined)
    .map((each) => evidenceWarning('DISK_NOT_COMPARED', nameOf(each), WHY))
}

function nameOf(device: Element): string {
  const target = childOf(device, 'target')
  const name = target?.getAttribute('dev') ?? target?.getAttribute('dir') ?? 'without a name'
  return `the ${device.localName === 'disk' ? 'disk' : 'folder'} ${name.slice(0, 100)} of the domain’s XML`
}
