import type { EvidenceWarning, GuestEndReason, LimitReached, SeeContext } from '@see/core'
import type { ExitCode } from './exit-codes.ts'
import type { SampleReport } from '../sample/sample-report.ts'
import type { CommandResult } from './command-results.ts'
import type { EvidenceFile } from './evidence-folder.ts'
import type { ReportedError } from './reported-error.ts'

/** What `see run --json` prints and `run.json` holds. */
export interface RunReport {
  readonly identifier: string
  readonly ok: boolean
  /** What `see` exits with. */
  readonly exit_code: ExitCode
  /** Null when the run ended before there was any evidence. */
  readonly results_folder: string | null
  /** What the hooks wrote, without the manifest: first the files beside run.json, then those in folders; a thousand at most. */
  readonly files: readonly EvidenceFile[]
  /** How many files there are beyond those in `files`. */
  readonly files_omitted: number
  /** What the sample was recognised as; null when there is none, or it was not looked at. */
  readonly sample: SampleReport | null
  /** How many events were fired. */
  readonly events: number
  readonly commands: readonly CommandResult[]
  readonly failures: readonly { readonly event: string; readonly handler: string; readonly message: string }[]
  readonly guest: GuestReport
  /** The limits that were reached, oldest first; the first hundred. */
  readonly limits: readonly LimitReached[]
  /** What the evidence lacks; docs/limits.md explains each code. */
  readonly warnings: readonly EvidenceWarning[]
  readonly error: ReportedError | null
}

/** What the guest did that it was not asked to. */
export interface GuestReport {
  /** Its ends, oldest first: of each run at most one, and mostly there is one run. */
  readonly ended: readonly {
    readonly reason: GuestEndReason
    readonly detail: string
    readonly exit_code: number | null
    readonly signal: string | null
  }[]
  /** How often it rebooted. */
  readonly reboots: number
}

export function guestReport(context: SeeContext | undefined): GuestReport {
  const { guestEnds = [], guestReboots = 0 } = context ?? {}
  const ended = guestEnds.map(({ exitCode, ...end }) => ({ ...end, exit_code: exitCode }))
  return { ended, reboots: guestReboots }
}
