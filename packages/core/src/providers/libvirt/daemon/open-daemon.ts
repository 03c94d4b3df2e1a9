import { Hypervisor, type HypervisorOptions, LibvirtConnectionError } from '@see/libvirt'
import { messageOf, SeeError } from '../../../common/errors.ts'
import { isCoded } from '../../../common/is-coded.ts'

/**
 * Connects to libvirt's daemon.
 * @throws SeeError `HYPERVISOR_UNREACHABLE`, or the signal's reason
 */
export async function openDaemon(
  uri: string,
  options: HypervisorOptions & { readonly signal: AbortSignal },
): Promise<Hypervisor> {
  try {
    return await Hypervisor.open(uri, options)
  } catch (error) {
    options.signal.throwIfAborted()
    throw new SeeError('HYPERVISOR_UNREACHABLE', advised(messageOf(error), uri), { cause: error })
  }
}

/** Whether a daemon's guests run on this host. */
export function isOnThisHost(uri: string): boolean {
  return /^[a-z]+(\+unix)?:\/\/\//.test(uri)
}

/** Whether a daemon was not reached since nothing listens at its socket: it has ended, and is doing nothing. */
export function isDaemonGone(error: unknown): boolean {
  const cause = error instanceof SeeError ? error.cause : undefined
  return cause instanceof LibvirtConnectionError && isCoded(cause.cause, 'ECONNREFUSED', 'ENOENT')
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
