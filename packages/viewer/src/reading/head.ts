import type { StoredRunReport } from '@see/evidence'
import type { Head } from '../model/report-index.ts'
import type { AttemptRow, WarningRow } from '../model/rows.ts'
import type { CaseFiles } from './case-files.ts'

const MOST = 200

/** What the case came to; null where there is no `run.json`. */
export function headOf(files: CaseFiles): Head | null {
  const report = files.of('run_report').at(-1)?.value
  if (report === undefined) return null
  const { bounds } = files
  const { field } = bounds
  const { sample, error } = report
  return {
    ok: report.ok,
    exitCode: report.exit_code,
    error:
      error === null ? null : field(error.code === null ? error.message : `${error.code}: ${error.message}`),
    sample:
      sample === null
        ? null
        : {
            path: field(sample.path),
            sha256: sample.sha256 === null ? null : field(sample.sha256),
            is: field(sample.entry_is ?? sample.is),
            entry: sample.entry === null ? null : field(sample.entry),
            arguments: bounds.rows('arguments', sample.arguments, MOST).map((each) => field(each)),
          },
    failures: bounds.rows('failures', report.failures, MOST).map(({ event, handler, message }) => ({
      event: field(event),
      handler: field(handler),
      message: field(message),
    })),
    limits: bounds.rows('limits', report.limits ?? [], MOST).map(({ limit, action, detail }) => ({
      limit: field(limit),
      action: field(action),
      detail: field(detail),
    })),
    guest: guestOf(report).map((each) => field(each)),
  }
}

function guestOf({ guest: { ended, reboots } }: StoredRunReport): string[] {
  const ends = ended.slice(0, MOST).map(({ reason, detail }) => `${reason.replace('_', ' ')}: ${detail}`)
  if (reboots === 0) return ends
  return [...ends, reboots === 1 ? 'rebooted once' : `rebooted ${reboots} times`]
}

/** What the evidence lacks, in the words of those who took it. */
export function warningRows(files: CaseFiles): WarningRow[] {
  const { bounds } = files
  const records = [
    ...files.of('run_report'),
    ...files.of('disk_changes'),
    ...files.of('network_summary'),
    ...files.of('yara_matches'),
    ...files.of('analysis_record'),
  ]
  const known = new Map(
    records.flatMap(({ value }) =>
      value.warnings.map((each) => [`${each.what}\0${each.why}`, each] as const),
    ),
  )
  const skipped = files
    .of('yara_matches')
    .flatMap(({ value }) => value.skipped.map(({ file, why }) => ({ code: 'not scanned', what: file, why })))
  return bounds.rows('warnings', [...known.values(), ...skipped]).map(({ code, what, why }) => ({
    code: bounds.field(code),
    what: bounds.field(what),
    why: bounds.field(why),
  }))
}

/** What the guest tried to reach before the sample was run. */
export function attemptRows(files: CaseFiles): AttemptRow[] {
  const { bounds, clock } = files
  const all = files
    .of('isolation')
    .flatMap(({ value, file, entry }) => value.attempts.map((attempt) => ({ attempt, file, entry })))
  return bounds.rows('attempts', all).map(({ attempt, file, entry }) => ({
    t: clock.ofEpoch(entry.from),
    file,
    target: attempt.target,
    tried: bounds.field(attempt.tried),
    expected: attempt.expected,
    seen: attempt.seen,
    by: attempt.by,
    verdict: attempt.verdict.replace('_', ' '),
  }))
}

/** Why the guest did not get ready; null where it did. */
export function notReadyOf(files: CaseFiles): string | null {
  const cause = files.of('not_ready').at(-1)?.value.cause
  return cause === undefined ? null : files.bounds.field(cause)
}
