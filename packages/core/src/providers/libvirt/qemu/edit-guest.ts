import type { DiskImage } from '../../../disks/disk-image.ts'
import { type DomainEdit, type EditedDomain, editDomainXml } from '../xml/domain-xml.ts'
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
    'identifier' | 'network' | 'macAddress' | 'others' | 'otherDisks' | 'readable' | 'variables' | 'limits'
  > {
  /** The path of the disk. */
  readonly clone: string
  /** The disk's backing chain. */
  readonly backing?: DiskImage | undefined
}

/** @throws SeeError `DOMAIN_XML_INVALID` */
export function editGuest(
  { file, xml, hasDisk, sharesMemory }: UsersDomain,
  { clone, backing, ...edit }: GuestEdit,
): EditedDomain {
  return rethrowAs('DOMAIN_XML_INVALID', file, () => {
    const disk = hasDisk ? { path: clone, format: 'qcow2', backing } : undefined
    const edited = editDomainXml(xml, { disk, ...edit })
    return sharesMemory ? { ...edited, xml: templateXml(edited.xml) } : edited
  })
}
