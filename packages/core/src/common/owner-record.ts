/** The process that made an environment. */
export interface OwnerRecord {
  /** Path of a socket that the process listens at until it has ended. */
  readonly socket: string
  readonly pid: number
  /** When the process started, in clock ticks after the boot, as in /proc. */
  readonly start: number
  /** The boot of the kernel, as in /proc/sys/kernel/random/boot_id. */
  readonly boot: string
  /** The name of the host. */
  readonly host: string
}
