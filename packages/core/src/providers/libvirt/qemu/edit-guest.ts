import type { DiskImage } from '../../../disks/disk-image.ts'
import { type DomainEdit, type EditedDomain, editDomainXml } from '../xml/domain-xml.ts'
import { withOwnUser } from '../xml/own-user.ts'
import { rethrowAs } from '../xml/rethrow-as.ts'
import { templateXml } from './template/template-xml.ts'

/** The user's XML of a domain. */
export interface UsersDomain {
  readonly file: string
  readonly xml: string
  readonly hasDisk: boolean
  /** Whether its memory is, or becomes, that of a template. */
  readonly sharesMemory: boolean
}

/** What is the environment's own in its domain's XML. */
interface GuestEdit
  extends Pick<
    DomainEdit,
    | 'identifier'
    | 'owner'
    | 'network'
    | 'macAddress'
    | 'others'
    | 'otherDisks'
    | 'readable'
    | 'variables'
    | 'limits'
  > {
  /** The path of the disk. */
  readonly clone: string
  /** The disk's backing chain. */
  readonly backing?: DiskImage | undefined
  /** Whom QEMU runs as, if not as all guests do. */
  readonly user?: { readonly uid: number; readonly gid: number } | undefined
}

/** @throws SeeError `DOMAIN_XML_INVALID` */
export function editGuest(
  { file, xml, hasDisk, sharesMemory }: UsersDomain,
  { clone, backing, user, ...edit }: GuestEdit,
): EditedDomain {
  return rethrowAs('DOMAIN_XML_INVALID', file, () => {
    const disk = hasDisk ? { path: clone, format: 'qcow2', backing } : undefined
    const edited = editDomainXml(xml, { disk, ...edit })
    const complete = sharesMemory ? templateXml(edited.xml) : edited.xml
    return { ...edited, xml: user === undefined ? complete : withOwnUser(complete, user) }
  })
}
