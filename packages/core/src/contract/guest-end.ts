import type { EvidenceWarning } from './evidence-warning.ts'
import type { LimitReached } from './limit-reached.ts'

/** Why a guest ended that was not asked to, with what each reason means. */
export const guestEndReasons = {
  powered_off: 'the guest powered itself off',
  stopped: 'the init of a container ended; libvirt does not report whether it exited or was killed',
  crashed: 'the kernel of the guest panicked, and the panic device reported it',
  killed: 'a signal, a limit or another client of libvirt ended what runs the guest',
  failed: 'what runs the guest ended by an error of its own, or without a report of why',
  lost: 'the connection to libvirtd is lost; whether the guest still runs is not known',
} as const

export type GuestEndReason = keyof typeof guestEndReasons

/** Why a guest rebooted that was not asked to: it reset its machine, or the init of a container asked for it. */
export type GuestRebootReason = 'guest_reset'

/** The end of a guest that was not asked for. */
export interface GuestEnd {
  readonly reason: GuestEndReason
  /** What is known of it, in one line. */
  readonly detail: string
  /** QEMU's exit code; null where a signal ended it, where it still runs, and through libvirt, which does not report it. */
  readonly exitCode: number | null
  /** The name of the signal that ended QEMU, such as `SIGKILL`; null where none did, and through libvirt. */
  readonly signal: string | null
}

/** Whether a guest that ended for `reason` cannot have meant to. */
export function isFailedEnd({ reason }: GuestEnd): boolean {
  return reason !== 'powered_off' && reason !== 'stopped'
}

/** Receives what becomes of a guest that was not asked for. */
export interface GuestListener {
  ended(end: GuestEnd): void
  rebooted(detail: string): void
  warned(warning: EvidenceWarning): void
  limitReached(limit: LimitReached): void
}
