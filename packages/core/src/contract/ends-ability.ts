import type { GuestListener } from './guest-end.ts'

/** Reports ends and reboots of the guest that were not asked for. */
export interface EndsAbility {
  /**
   * Calls `listener`, from now on and in place of an earlier one, when the guest ends or reboots without a request
   * through `domain`.
   */
  watch(listener: GuestListener): void
}
