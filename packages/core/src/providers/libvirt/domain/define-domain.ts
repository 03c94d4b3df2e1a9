import type { Domain, Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'

/** What one environment's domain is made of. */
export interface DomainDefinition {
  readonly identifier: string
  /** The user's file, for the error. */
  readonly file: string
  readonly xml: string
}

/**
 * Defines the domain of one environment, which is stopped and undefined at the end.
 * @throws SeeError `DOMAIN_XML_INVALID` when libvirt refuses it
 */
export async function defineDomain(
  hypervisor: Hypervisor,
  { identifier, file, xml }: DomainDefinition,
  releases: ReleaseStack,
): Promise<Domain> {
  try {
    const domain = await hypervisor.domainDefineXML(xml)
    releases.defer(`domain ${identifier}`, async () => {
      if (await domain.isActive()) await domain.destroy()
      await domain.undefine()
    })
    return domain
  } catch (error) {
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  }
}
