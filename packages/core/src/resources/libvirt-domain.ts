import type { Domain, Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'

/** What one environment's domain is made of. */
export interface DomainDefinition {
  readonly identifier: string
  /** The user's file, for the error. */
  readonly file: string
  readonly xml: string
  /** Flags of the removal (virDomainUndefineFlags), as far as the driver knows them. */
  readonly undefineFlags?: number
  /** How it is stopped; by `destroy` when not given. */
  readonly stop?: (domain: Domain) => Promise<void>
  /** Called at the end, once it is stopped. */
  readonly onStopped?: () => void
}

/**
 * Defines the domain of one environment, which is stopped and undefined at the end.
 * @throws SeeError `DOMAIN_XML_INVALID` when libvirt refuses it
 */
export async function defineDomain(
  hypervisor: Hypervisor,
  {
    identifier,
    file,
    xml,
    undefineFlags = 0,
    stop = (domain) => domain.destroy(),
    onStopped,
  }: DomainDefinition,
  releases: ReleaseStack,
): Promise<Domain> {
  try {
    const domain = await hypervisor.domainDefineXML(xml)
    releases.defer(`domain ${identifier}`, async () => {
      if (await domain.isActive()) await stop(domain)
      onStopped?.()
      await domain.undefine({ flags: undefineFlags })
    })
    return domain
  } catch (error) {
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  }
}
