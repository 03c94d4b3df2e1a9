import { DomainUndefineFlags, type Hypervisor } from '@see/libvirt'
import type { ReleaseStack } from '../release-stack.ts'
import { defineForAMoment } from './accepted-domain.ts'
import { childOf, parseXml } from './xml.ts'

interface Guest {
  /** The user's XML. */
  readonly wanted: string
  /** What libvirt makes of it. */
  readonly accepted: string
  /** The environment's. */
  readonly xml: string
}

/**
 * libvirt keeps the variables of a guest's firmware in a file named after the domain, and removes that with a definition
 * only. A file that the user names is the user's.
 */
export function removeNvramAtTheEnd(
  hypervisor: Hypervisor,
  { wanted, accepted, xml }: Guest,
  releases: ReleaseStack,
): void {
  if (nvramIn(accepted) === '' || nvramIn(wanted) !== '') return
  releases.defer("the variables of the guest's firmware", async () => {
    await defineForAMoment(hypervisor, xml, DomainUndefineFlags.nvram)
  })
}

/** The path of the file; empty when there is none. */
function nvramIn(xml: string): string {
  const domain = parseXml(xml).documentElement
  const os = domain === null ? undefined : childOf(domain, 'os')
  return os === undefined ? '' : (childOf(os, 'nvram')?.textContent?.trim() ?? '')
}
