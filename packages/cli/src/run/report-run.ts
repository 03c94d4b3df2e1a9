import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf } from '@see/core'
import { errorText } from '../error-text.ts'
import { exitCodes } from '../exit-codes.ts'
import type { Terminal } from '../terminal.ts'
import { commandResults } from './command-results.ts'
import type { EvidenceFolder } from './evidence-folder.ts'
import type { Outcome } from './outcome.ts'
import { reportedError, type RunReport } from './run-report.ts'
import { summaryOf } from './summary.ts'

interface Options {
  readonly identifier: string
  readonly json: boolean
  readonly terminal: Terminal
}

/** Tells what came of a run: in `run.json` beside the evidence, and to the user. */
export async function reportRun(outcome: Outcome, { identifier, json, terminal }: Options): Promise<void> {
  const evidence = await evidenceOf(outcome)
  const report = await reportOf(outcome, identifier, evidence)
  if (evidence !== undefined) await writeReport(evidence, report, terminal)
  if (json) terminal.out.write(`${JSON.stringify(report, undefined, 2)}\n`)
  else if (evidence !== undefined) terminal.out.write(summaryOf(report))
  const { error } = outcome
  if (error !== undefined) terminal.error.write(`see: ${errorText(error).replaceAll('\n', '\n     ')}\n`)
}

/** A run that ended before anything was made leaves nothing. */
async function evidenceOf({ evidence, exitCode }: Outcome): Promise<EvidenceFolder | undefined> {
  const early = exitCode === exitCodes.usage || exitCode === exitCodes.interrupted
  return early && (await evidence?.removeIfEmpty()) === true ? undefined : evidence
}

async function reportOf(
  { exitCode, context, events, records, error }: Outcome,
  identifier: string,
  evidence: EvidenceFolder | undefined,
): Promise<RunReport> {
  const files = (await evidence?.files()) ?? []
  const failures = context?.failures ?? []
  return {
    identifier,
    ok: exitCode === exitCodes.done,
    exit_code: exitCode,
    results_folder: evidence?.path ?? null,
    files,
    events,
    commands: evidence === undefined ? [] : await commandResults(evidence.path, files, records),
    failures: failures.map((failure) => ({
      event: failure.event,
      handler: failure.handler,
      message: messageOf(failure.error),
    })),
    warnings: context?.warnings ?? [],
    error: error === undefined ? null : reportedError(error),
  }
}

async function writeReport(evidence: EvidenceFolder, report: RunReport, terminal: Terminal): Promise<void> {
  const path = join(evidence.path, 'run.json')
  try {
    await writeFile(path, `${JSON.stringify(report, undefined, 2)}\n`)
  } catch (error) {
    terminal.error.write(`see: cannot write ${path}: ${messageOf(error)}\n`)
  }
}
