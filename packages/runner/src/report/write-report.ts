import { createHash } from 'node:crypto'
import { messageOf, printableJson } from '@see/core'
import { kindFacts, type ManifestFile } from '@see/evidence'
import { commandResults } from './command-results.ts'
import { type EvidenceFolder, REPORT } from './evidence-folder.ts'
import { exitCodes } from './exit-codes.ts'
import type { Outcome } from './outcome.ts'
import { reportedError } from './reported-error.ts'
import { guestReport, isolationReport, type RunReport } from './run-report.ts'
import { addToManifest } from './stored-manifest.ts'

interface Options {
  readonly identifier: string
  /** The mode of the files of evidence. */
  readonly mode: number
}

/** Writes `run.json` beside the evidence, and gives the evidence its mode. A failure to do so is part of the report. */
export async function writeReport(outcome: Outcome, { identifier, mode }: Options): Promise<RunReport> {
  const evidence = await evidenceOf(outcome)
  const { started } = outcome
  let report = await reportOf(outcome, identifier, evidence)
  if (evidence !== undefined) {
    try {
      await write(evidence, report)
      await addToManifest(evidence.path, identifier, entryOf(textOf(report), started))
      await evidence.open(mode)
    } catch (error) {
      outcome.fail(error)
      report = reported(outcome, report)
    }
  }
  return report
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
    commands:
      evidence === undefined ? [] : await commandResults({ folder: evidence.path, identifier }, records),
    failures: failures.map((failure) => ({
      event: failure.event,
      handler: failure.handler,
      message: messageOf(failure.error),
    })),
    isolation: context === undefined ? null : isolationReport(context),
    guest: guestReport(context),
    limits: context?.limitsReached ?? [],
    warnings: context?.warnings ?? [],
  })
}

/** A report with what is known by now of how the run ended. */
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

async function write(evidence: EvidenceFolder, report: RunReport): Promise<void> {
  const short = {
    ...report,
    files: [],
    files_omitted: report.files.length + report.files_omitted,
    commands: [],
  }
  await evidence.writeReport(textOf(report), textOf(short))
}

/** `run.json` in the manifest. */
function entryOf(text: string, from: number): ManifestFile {
  return {
    kind: 'run_report',
    path: REPORT,
    bytes: Buffer.byteLength(text),
    sha256: createHash('sha256').update(text).digest('hex'),
    media_type: kindFacts.run_report.mediaType,
    event: null,
    from,
    to: Date.now(),
    writer: 'runCase',
    state: 'complete',
  }
}

function textOf(report: RunReport): string {
  return `${printableJson(report, 2)}\n`
}
