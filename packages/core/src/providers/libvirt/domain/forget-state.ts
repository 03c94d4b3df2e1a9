import { DomainUndefineFlags, type Hypervisor } from '@see/libvirt'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { defineForAMoment } from './validate-domain-xml.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf } from '../../../common/xml-elements.ts'

interface DomainXmls {
  /** What libvirt makes of the user's XML. */
  readonly accepted: string
  /** The environment's. */
  readonly xml: string
  /** Whether the environment itself made the file with the firmware's variables. */
  readonly hasOwnVariables: boolean
}

/**
 * libvirt keeps the variables of a guest's firmware in a file named after the domain, and the state of its TPM in a folder
 * of its own, and removes both with a definition only.
 */
export function forgetStateAtTheEnd(
  hypervisor: Hypervisor,
  { accepted, xml, hasOwnVariables }: DomainXmls,
  releases: ReleaseStack,
): void {
  const { hasVariables, hasTpm } = stateIn(accepted)
  const { nvram, keepNvram, tpm } = DomainUndefineFlags
  const areLibvirts = hasVariables && !hasOwnVariables
  if (!areLibvirts && !hasTpm) return
  const flags = (areLibvirts ? nvram : keepNvram) | (hasTpm ? tpm : 0)
  releases.defer("the variables of the guest's firmware, and its TPM", async () => {
    await defineForAMoment(hypervisor, xml, flags)
  })
}

function stateIn(xml: string): { readonly hasVariables: boolean; readonly hasTpm: boolean } {
  const domain = parseXml(xml).documentElement
  const os = domain === null ? undefined : childOf(domain, 'os')
  const devices = domain === null ? undefined : childOf(domain, 'devices')
  return {
    // If libvirt chooses the firmware when the guest starts, its path is not in the XML before.
    hasVariables: os !== undefined && (os.hasAttribute('firmware') || childOf(os, 'nvram') !== undefined),
    hasTpm: devices !== undefined && childrenOf(devices, 'tpm').length > 0,
  }
}
