import type { ContextFactory, Logger } from '@see/core'
import type { GuestFile } from '@see/core/guest-files'
import type { Progress } from './progress.ts'
import type { Protocol } from './protocol/protocol.ts'
import type { Watchdog } from './process/watchdog.ts'
import type { TinyGuest } from './tiny-guest/tiny-guest.ts'

/** What a case is made of. */
export interface CaseInputs {
  /** Path of the resources' JSON file, or a factory; the tiny guest's own when not given. */
  readonly resources?: string | ContextFactory | undefined
  /** Name of a guest that was built with packages, instead of the tiny guest. */
  readonly guest?: string | undefined
  /** What that guest or the tiny guest runs on when no resources are given; `embedded` by default. */
  readonly provider?: GuestFile
  /** A file, an archive, a folder, or `-` for standard input. */
  readonly sample?: string | undefined
  /** What the sample is started with. */
  readonly words?: readonly string[]
  /** The file of a folder or an archive that is the sample; `.` for all of it. */
  readonly entry?: string | undefined
  /** Whether an archive is unpacked on this host; it is when not given. */
  readonly unpack?: boolean
  /** Password of an archive. */
  readonly password?: string
  /** Path of the hooks' JSON file; the timeline, a screenshot, the console and commands when not given. */
  readonly hooks?: string | undefined
  /** Run by the guest's shell; `{sample}` becomes the sample's quoted path there. */
  readonly command?: string | undefined
  /** A protocol, or its `module#Export`; the default one when not given. */
  readonly protocol?: string | Protocol | undefined
  /** How long what runs in the guest is given, in milliseconds; 10,000 by default. */
  readonly runtimeMs?: number
  /** The bound of each wait for the guest, in milliseconds; 120,000 by default. */
  readonly timeoutMs?: number
  /** After which a guest that does not shut down is cut from its power, in milliseconds; 25,000 by default. */
  readonly shutdownTimeoutMs?: number
  /**
   * How long the case may take in all, in milliseconds; null for no such bound. When not given: six hours, and the three times
   * above, of which `timeoutMs` counts four times.
   */
  readonly deadlineMs?: number | null
  /** The folder in which the case gets a folder of its own; `results` by default. */
  readonly results?: string
  /** The mode of its files, 0o600 by default; who may read them may enter their folders. */
  readonly resultsMode?: number
}

/** A case and how it is carried out. */
export interface CaseOptions extends CaseInputs {
  /** The UUID of the case; a new one when not given. */
  readonly identifier?: string
  /** Aborts the case, which is cleaned up then. */
  readonly signal?: AbortSignal
  /** Aborts when nothing of a hook or protocol is worth waiting for any more. */
  readonly hurry?: AbortSignal
  /** Ends hooks and protocols that keep the process busy; it has to be given what `runCase` does. */
  readonly watchdog?: Pick<Watchdog, 'follow'>
  /** Shows what is being done. */
  readonly progress?: Progress
  readonly logger?: Logger
  /** Errors from outside of the case that came after the abort; read when it is over. */
  readonly laterErrors?: readonly unknown[]
  /** Finds the folder of the tiny guest, and builds it when it is missing. */
  readonly tinyGuest?: TinyGuest
}
