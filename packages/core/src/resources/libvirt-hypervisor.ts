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
