import { Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import type { ReleaseStack } from '../../../common/release-stack.ts'
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
  const hypervisor = await open(uri, signal)
  releases.defer('the connection to libvirt', () => hypervisor.close())
  await assertFree(hypervisor, identifier)
  return hypervisor
}

async function open(uri: string, signal: AbortSignal): Promise<Hypervisor> {
  try {
    return await Hypervisor.open(uri, { shared: true, signal, callTimeoutMs: CALL_MS })
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('HYPERVISOR_UNREACHABLE', advised(messageOf(error), uri), { cause: error })
  }
}

/** libvirt says what is missing, but not what to do. */
function advised(message: string, uri: string): string {
  const [driver = ''] = /^[a-z]+/.exec(uri) ?? []
  if (/no connection driver available/.test(message)) {
    return `${message}: install libvirt-daemon-driver-${driver} and restart libvirtd`
  }
  if (/unable to initialize VirtualBox driver API/.test(message)) {
    return `${message}: install VirtualBox on libvirtd's host, of a version that libvirt knows, and restart libvirtd`
  }
  return message
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
