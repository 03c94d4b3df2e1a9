/** What is bounded of an environment, by the name of its key where it has one, with what its numbers count. */
export const limitFacts = {
  cpu_seconds: 'CPU time of one run of the guest, in seconds',
  disk_mib: 'size of the file of one disk of the guest, in MiB',
  host_disk_mib: 'free space on the host where the guest’s disk grows, in MiB',
  disk_mib_per_second: 'what the guest reads and writes of its disk in a second, in MiB',
  network_mib_per_second: 'what the first interface of a guest sends, or receives, in a second, in MiB',
  memory_mib: 'memory of a container, in MiB',
  processes: 'processes and threads of a container',
  console_limit: 'bytes that are kept of a console',
  output_limit: 'bytes that are kept of an output of a command',
  evidence_mib: 'size of the files of evidence of an environment, in MiB',
  evidence_files: 'files of evidence of an environment',
} as const

export type LimitName = keyof typeof limitFacts

/** What was done when a limit was reached. */
export const limitActions = {
  killed: 'the guest’s power was cut, or one of its processes was killed',
  paused: 'the guest was paused; it goes on when it is resumed, once there is room again',
  delayed: 'the guest waited, or packets of it were lost',
  refused: 'what would have exceeded it was not done',
  cut: 'what exceeded it was not kept',
} as const

export type LimitAction = keyof typeof limitActions

/** A limit of an environment that was reached. */
export interface LimitReached {
  readonly limit: LimitName
  /** In the unit of the limit. */
  readonly bound: number
  /** What was measured when it was reached, in the same unit; of what is counted no further, the bound. */
  readonly measured: number
  readonly action: LimitAction
  /** What happened, and what helps, in one line. */
  readonly detail: string
}
