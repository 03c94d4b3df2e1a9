import { type Domain, type Hypervisor, LibvirtConnectionError } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { entryOf, evenAfterLoss, undoAsOthers } from '../daemon/libvirt-kind.ts'
import { definitionKind } from './domain-kind.ts'

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
  const payload = { uri: hypervisor.uri }
  const thing = { identifier, kind: definitionKind, payload }
  let domain: Domain | undefined
  let isLost = false
  const recorded = await releases.defer(
    entryOf(definitionKind, `domain ${identifier}`, payload),
    evenAfterLoss(thing, async () => {
      // A daemon that was killed meanwhile may have made it; one that refused it has not, and another's may have its name.
      if (isLost) return await undoAsOthers(thing)
      if (domain === undefined) return
      if (await domain.isActive()) await domain.destroy()
      await domain.undefine()
    }),
  )
  try {
    domain = await hypervisor.domainDefineXML(xml)
    recorded.made()
    return domain
  } catch (error) {
    isLost = error instanceof LibvirtConnectionError
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  }
}
