import type { Hypervisor } from '@see/libvirt'
import { SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
import { openDaemon } from '../daemon/open-daemon.ts'
import { isNoDomain } from './no-domain.ts'

/** For a call that libvirtd works on; the connection to one that does not answer at all ends after half a minute. */
const CALL_MS = 600_000

/**
 * Opens the hypervisor of one environment, on which no other domain may have its identifier.
 * @throws SeeError `HYPERVISOR_UNREACHABLE` or `IDENTIFIER_TAKEN`, or the signal's reason
 */
export async function openHypervisor(
  uri: string,
  identifier: string,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<Hypervisor> {
  const hypervisor = await openDaemon(uri, { shared: true, signal, callTimeoutMs: CALL_MS })
  releases.defer('the connection to libvirt', () => hypervisor.close())
  await assertFree(hypervisor, identifier)
  return hypervisor
}

/** libvirt would take a definition for a change of the domain that is there, which would end with this environment. */
async function assertFree(hypervisor: Hypervisor, identifier: string): Promise<void> {
  try {
    await hypervisor.domainLookupByUUID(identifier)
  } catch (error) {
    if (isNoDomain(error)) return
    throw error
  }
  throw identifierTaken('domain', identifier)
}

export function identifierTaken(what: string, identifier: string): SeeError {
  return new SeeError(
    'IDENTIFIER_TAKEN',
    `there is a ${what} ${identifier} already: give each environment an identifier of its own, or none`,
  )
}
