import type { SandboxDomain } from '../contract/resources.ts'
import type { DomainState } from '../contract/transitions.ts'
import type { WaitOptions } from '../contract/wait-options.ts'

/** What transitions do to a domain in each state. */
interface ChangedGuest {
  readonly domain: SandboxDomain
  state(options?: WaitOptions): Promise<DomainState>
}

/** Asks the guest to restart; resets a crashed one. */
export async function restart(
  guest: ChangedGuest,
  from: DomainState | undefined,
  wait: WaitOptions,
): Promise<void> {
  const { domain } = guest
  if (from !== 'crashed') return await domain.reboot(wait)
  await domain.reset(wait)
  if ((await guest.state(wait)) === 'paused') await domain.resume(wait)
}

/** Cuts the power. */
export async function cutPower(guest: ChangedGuest, wait: WaitOptions): Promise<void> {
  await guest.domain.destroy(wait).catch(async (error: unknown) => {
    // The guest may have ended on its own meanwhile, for example while handlers of `pre_poweroff` ran.
    if ((await guest.state(wait).catch(() => undefined)) !== 'shutoff') throw error
  })
}
