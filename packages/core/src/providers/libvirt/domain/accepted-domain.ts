import { DomainXMLFlags, type Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'

/** A process runs few kinds of guests, however many guests. */
const KINDS_MAX = 100

const accepted = new Map<string, Promise<string>>()

interface Question {
  /** What all guests have in common for which the answer is the same, beside the hypervisor. */
  readonly kind: string
  /** The user's file, for the error. */
  readonly file: string
  readonly xml: string
  /** Flags of the removal (virDomainUndefineFlags) that the driver knows. */
  readonly flags: number
}

/**
 * Checks that libvirt takes a domain's XML, which it checks for a transient domain only at its start: so the domain
 * is defined for a moment, once for each kind of guest in a process.
 * @returns the XML of the first guest of its kind, as libvirt itself writes it
 * @throws SeeError `DOMAIN_XML_INVALID`
 */
export async function acceptedDomain(
  hypervisor: Hypervisor,
  { kind, file, xml, flags }: Question,
): Promise<string> {
  const key = JSON.stringify([hypervisor.uri, kind])
  const known = accepted.get(key)
  if (known !== undefined) return await known
  const [oldest] = accepted.keys()
  if (oldest !== undefined && accepted.size >= KINDS_MAX) accepted.delete(oldest)
  const answer = defineForAMoment(hypervisor, xml, flags).catch((error: unknown) => {
    accepted.delete(key)
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  })
  accepted.set(key, answer)
  return await answer
}

/**
 * @param flags of its removal (virDomainUndefineFlags)
 * @returns its XML as libvirt itself writes it
 */
export async function defineForAMoment(hypervisor: Hypervisor, xml: string, flags: number): Promise<string> {
  const domain = await hypervisor.domainDefineXML(xml)
  try {
    return await domain.getXMLDesc({ flags: DomainXMLFlags.inactive })
  } finally {
    await domain.undefine({ flags })
  }
}
