import type { Resources } from '../contract/resources.ts'
import type { TemplateMachine } from './manifest.ts'
import type { Monitor } from './monitor.ts'

/** A sandbox that is to become a template: it was made with a file to keep its memory in. */
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
  /** Whether a program of the running guest waits at the port by which a clone can be told who it is. */
  hasOpenIdentityPort(): Promise<boolean>
  /** The size of its memory. */
  memoryMib(): Promise<number>
  /** What the running guest is on, as far as its clones have to find it the same. */
  templateMachine(): Promise<TemplateMachine>
}
