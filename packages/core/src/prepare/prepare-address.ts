import type { PreparedGuest } from './prepared-guest.ts'
import type { SshAddress } from './ssh-address.ts'

export interface PrepareAddressOptions {
  /** The archive of what is installed: `prepare.tar` of the tiny guest's folder. */
  readonly archive: string
  /** Bound of all of it. */
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

/**
 * Installs what SEE needs into a Linux guest that runs, by the ssh of this host.
 * @throws SeeError `TOOL_MISSING` or `GUEST_UNPREPARED`; or the signal's reason
 */
export async function prepareAddress(
  address: SshAddress,
  options: PrepareAddressOptions,
): Promise<PreparedGuest> {
  const { installAtAddress } = await import('./install-at-address.ts')
  return await installAtAddress(address, options)
}
