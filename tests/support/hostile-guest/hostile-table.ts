import { errorCodes } from './error-codes.ts'
import type { HostileRow, HostileRun } from './hostile-row.ts'

/** A line of the table in docs/reliability.md. */
export function hostileLine(row: HostileRow, run: HostileRun): string {
  const seconds = (run.tookMs / 1000).toFixed(1)
  const cells = [row.name, run.provider, `${Math.ceil(run.peakMib)} MiB`, `${seconds} s of ${row.deadline} s`]
  const said = saidBy(run).join('; ')
  return `| ${[...cells, `${Math.round(run.longestGapMs)} ms`, said].join(' | ')} |`
}

/** What a report says of its guest, in short. */
function saidBy({ report, exitCode }: HostileRun): string[] {
  const { error, guest, limits, warnings, commands, failures } = report
  const codes = new Set(warnings.map(({ code }) => code))
  return [
    `exit code ${exitCode}`,
    ...errorCodes(error).map((code) => `error ${code}`),
    ...guest.ended.map(({ reason }) => `the guest ${reason.replace('_', ' ')}`),
    ...(guest.reboots === 0 ? [] : [`${guest.reboots} reboots`]),
    ...limits.map(({ limit, action }) => `limit ${limit}: ${action}`),
    ...Array.from(codes, (code) => `warning ${code}`),
    ...commands.map(({ status, exit_code: code, signal }) =>
      `command ${status} ${code ?? signal ?? ''}`.trim(),
    ),
    ...failures.map(({ event }) => `handler of ${event} failed`),
  ]
}
