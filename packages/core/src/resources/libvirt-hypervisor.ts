import { Hypervisor } from '@see/libvirt'
import { messageOf, SeeError } from '../errors.ts'
import type { ReleaseStack } from '../release-stack.ts'

/**
 * Opens the hypervisor of one environment.
 * @throws SeeError `HYPERVISOR_UNREACHABLE`, or the signal's reason
 */
export async function openHypervisor(
  uri: string,
  releases: ReleaseStack,
  signal: AbortSignal,
): Promise<Hypervisor> {
  try {
    const hypervisor = await Hypervisor.open(uri, { signal })
    releases.defer('the connection to libvirt', () => hypervisor.close())
    return hypervisor
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('HYPERVISOR_UNREACHABLE', messageOf(error), { cause: error })
  }
}
