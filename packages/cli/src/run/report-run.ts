import { messageOf, printableJson } from '@see/core'
import { errorText } from '../terminal/error-text.ts'
import { exitCodes } from '../report/exit-codes.ts'
import type { Terminal } from '../terminal/terminal.ts'
import { commandResults } from '../report/command-results.ts'
import type { EvidenceFolder } from '../report/evidence-folder.ts'
import type { Outcome } from '../report/outcome.ts'
import { guestReport, reportedError, type RunReport } from '../report/run-report.ts'
import { summaryOf } from './summary.ts'

interface Options {
  readonly identifier: string
  readonly json: boolean
  /** The mode of the files of evidence. */
  readonly mode: number
  readonly terminal: Terminal
}

/** Tells what came of a run: in `run.json` beside the evidence, and to the user. */
export async function reportRun(
  outcome: Outcome,
  { identifier, json, mode, terminal }: Options,
): Promise<void> {
  const evidence = await evidenceOf(outcome)
  let report = await reportOf(outcome, identifier, evidence)
  if (evidence !== undefined) {
    try {
      await writeReport(evidence, report)
      await evidence.open(mode)
    } catch (error) {
      outcome.fail(error)
      report = reported(outcome, report)
    }
  }
  if (json) terminal.out.write(textOf(report))
  else if (evidence !== undefined) terminal.out.write(summaryOf(report))
  const { error } = outcome
  if (error !== undefined) terminal.error.write(`see: ${errorText(error)}\n`)
}

/** A run that ended before anything was made leaves nothing. */
async function evidenceOf({ evidence, exitCode }: Outcome): Promise<EvidenceFolder | undefined> {
  const early = exitCode === exitCodes.usage || exitCode === exitCodes.interrupted
  return early && (await evidence?.removeIfEmpty()) === true ? undefined : evidence
}

async function reportOf(
  outcome: Outcome,
  identifier: string,
  evidence: EvidenceFolder | undefined,
): Promise<RunReport> {
  const { context, sample, events, records } = outcome
  const { files, omitted } = (await evidence?.files()) ?? { files: [], omitted: 0 }
  const failures = context?.failures ?? []
  return reported(outcome, {
    identifier,
    results_folder: evidence?.path ?? null,
    files,
    files_omitted: omitted,
    sample: sample ?? null,
    events,
    commands: evidence === undefined ? [] : await commandResults(evidence.path, files, records),
    failures: failures.map((failure) => ({
      event: failure.event,
      handler: failure.handler,
      message: messageOf(failure.error),
    })),
    guest: guestReport(context),
    warnings: context?.warnings ?? [],
  })
}

/** A report with how the run ended, as far as that is known by now. */
function reported(
  { exitCode, error }: Outcome,
  rest: Omit<RunReport, 'ok' | 'exit_code' | 'error'>,
): RunReport {
  return {
    ...rest,
    ok: exitCode === exitCodes.done,
    exit_code: exitCode,
    error: error === undefined ? null : reportedError(error),
  }
}

async function writeReport(evidence: EvidenceFolder, report: RunReport): Promise<void> {
  const short = {
    ...report,
    files: [],
    files_omitted: report.files.length + report.files_omitted,
    commands: [],
  }
  await evidence.writeReport(textOf(report), textOf(short))
}

function textOf(report: RunReport): string {
  return `${printableJson(report, 2)}\n`
}
