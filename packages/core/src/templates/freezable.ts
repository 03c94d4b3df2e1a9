import type { Resources } from '../contract/resources.ts'
import type { TemplateMachine } from './manifest.ts'
import type { Monitor } from './monitor.ts'

/** A sandbox being frozen into a template; its memory is backed by a file. */
export interface Freezable extends Resources {
  /** The user's files that the guest is made from. */
  readonly inputs: readonly string[]
  /** The group that QEMU is in when it opens the files of a template; undefined where it is we ourselves. */
  readonly templateGroup: number | undefined
  /** QEMU's monitor. @throws SeeError `GUEST_STOPPED` when it is off */
  readonly monitor: Monitor
  /**
   * The file of its disk, a qcow2 image, in a folder in which QEMU reaches a socket of ours; undefined when the
   * configuration has none.
   */
  readonly diskFile: string | undefined
  /** The subnet that was chosen for this guest alone, as `10.1.2.0/24`; undefined where there is none. */
  readonly subnet: string | undefined
  /** Whether a program of the running guest waits at the port by which a clone can get its identity. */
  hasOpenIdentityPort(): Promise<boolean>
  /** The size of its memory. */
  memoryMib(): Promise<number>
  /** The parts of the running guest's machine that must be the same for its clones. */
  templateMachine(): Promise<TemplateMachine>
}
