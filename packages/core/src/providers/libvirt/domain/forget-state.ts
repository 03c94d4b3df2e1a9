import { DomainUndefineFlags, type Hypervisor } from '@see/libvirt'
import { z } from 'zod'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { entryOf, evenAfterLoss, type LibvirtKind, unlessMissing } from '../daemon/libvirt-kind.ts'
import { defineForAMoment } from './validate-domain-xml.ts'
import { parseXml } from '../../../common/xml.ts'
import { childOf, childrenOf } from '../../../common/xml-elements.ts'

const payloadSchema = z.strictObject({ uri: z.string(), xml: z.string(), flags: z.int() })

/** The state that libvirt keeps of a domain. */
export const stateKind: LibvirtKind<z.output<typeof payloadSchema>> = {
  kind: 'libvirt-state',
  isLasting: true,
  payload: payloadSchema,
  undo: async ({ identifier, payload: { uri, xml, flags }, daemons }) => {
    const hypervisor = await daemons.at(uri)
    const present = await unlessMissing('VIR_ERR_NO_DOMAIN', hypervisor.domainLookupByUUID(identifier))
    // That of a domain which is still there goes with it.
    if (present !== undefined) throw new Error(`domain ${identifier} is still there`)
    await defineForAMoment(hypervisor, xml, flags)
  },
}

interface DomainXmls {
  readonly identifier: string
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
export async function forgetStateAtTheEnd(
  hypervisor: Hypervisor,
  { identifier, accepted, xml, hasOwnVariables }: DomainXmls,
  releases: ReleaseStack,
): Promise<void> {
  const { hasVariables, hasTpm } = stateIn(accepted)
  const { nvram, keepNvram, tpm } = DomainUndefineFlags
  const areLibvirts = hasVariables && !hasOwnVariables
  if (!areLibvirts && !hasTpm) return
  const flags = (areLibvirts ? nvram : keepNvram) | (hasTpm ? tpm : 0)
  const what = "the variables of the guest's firmware, and its TPM"
  const payload = { uri: hypervisor.uri, xml, flags }
  const forget = async (): Promise<void> => void (await defineForAMoment(hypervisor, xml, flags))
  const thing = { identifier, kind: stateKind, payload }
  await releases.defer(entryOf(stateKind, what, payload), evenAfterLoss(thing, forget))
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
