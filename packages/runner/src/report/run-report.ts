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
  /** What the guest was isolated from, as was verified; null where it was not. */
  readonly isolation: IsolationReport | null
  readonly guest: GuestReport
  /** The limits that were reached, oldest first; the first hundred. */
  readonly limits: readonly LimitReached[]
  /** What the evidence lacks; docs/limits.md explains each code. */
  readonly warnings: readonly EvidenceWarning[]
  readonly error: ReportedError | null
}

/** What a probe in the guest saw before the sample was run, by the names of what it tried. */
export interface IsolationReport {
  /** Why nothing was tried; null where it was, or where the guest has no network interface. */
  readonly unprobed: string | null
  /** What it did not reach, as expected. */
  readonly from: readonly string[]
  /** What it reached though that is forbidden. */
  readonly reached: readonly string[]
  /** What it did not reach though that is allowed by name or address. */
  readonly missed: readonly string[]
  /** What is not proved either way. */
  readonly unproved: readonly string[]
  readonly duration_ms: number
}

export function isolationReport({ isolation }: Pick<SeeContext, 'isolation'>): IsolationReport | null {
  if (isolation === undefined) return null
  const { lines, durationMs, unprobed } = isolation
  const all = [...new Set(lines.map(({ target }) => target))]
  const has = (target: string, verdict: string) =>
    lines.some((line) => line.target === target && line.verdict === verdict)
  const broken = all.filter((target) => has(target, 'mismatch'))
  const reached: readonly string[] = broken.filter((target) => target !== 'allowed')
  const missed = lines
    .filter(({ target, verdict }) => target === 'allowed' && verdict === 'mismatch')
    .map(({ tried }) => tried)
  const blocked = lines.filter(
    ({ expected, seen, verdict }) =>
      expected === 'forbidden' && seen === 'blocked' && verdict === 'as_expected',
  )
  const from = all.filter(
    (target) => !reached.includes(target) && blocked.some((line) => line.target === target),
  )
  const unproved = all.filter(
    (target) => !broken.includes(target) && !from.includes(target) && has(target, 'unproved'),
  )
  return { unprobed, from, reached, missed, unproved, duration_ms: durationMs }
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
