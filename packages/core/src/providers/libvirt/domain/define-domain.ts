import type { Domain, Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { entryOf, evenAfterLoss } from '../daemon/libvirt-kind.ts'
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
  const recorded = await releases.defer(
    entryOf(definitionKind, `domain ${identifier}`, payload),
    evenAfterLoss(thing, async () => {
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
    throw new SeeError('DOMAIN_XML_INVALID', `libvirt refuses ${file}: ${messageOf(error)}`, { cause: error })
  }
}
