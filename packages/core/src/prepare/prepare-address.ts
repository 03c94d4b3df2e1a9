import type { PrepareAddressOptions } from './install-at-address.ts'
import type { PreparedGuest } from './prepared-guest.ts'
import type { SshAddress } from './ssh-address.ts'

export type { PrepareAddressOptions } from './install-at-address.ts'

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
