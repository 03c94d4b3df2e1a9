import { printableJson, printableLine } from '@see/core/printable'
import { problemText, reap, type ReapReport } from '@see/core/reaper'
import { type ExitCode, exitCodes } from '@see/runner/exit-codes'
import { reportedError } from '@see/runner/reported-error'
import { createProgress } from '../terminal/create-progress.ts'
import { Interruption } from '@see/runner/interruption'
import type { Terminal } from '../terminal/terminal.ts'

/** Progress is shown no more often. */
const PROGRESS_MS = 500

/** Carries out `see reap`. */
export async function reapLeft(
  { dryRun, json }: { readonly dryRun: boolean; readonly json: boolean },
  terminal: Terminal,
): Promise<ExitCode> {
  using interruption = new Interruption((message) => void terminal.error.write(`see: ${message}\n`))
  const progress = await createProgress(terminal.error)
  let shownMs = performance.now()
  const onProgress = (done: number, all: number): void => {
    if (performance.now() - shownMs < PROGRESS_MS) return
    shownMs = performance.now()
    progress.update(`${done} of ${all} environments are done`)
  }
  const report = await reap({ signal: interruption.signal, dryRun, onProgress })
  const isClean = report.reaped.every(({ kept }) => kept.length === 0)
  progress.end(isClean)
  if (json) terminal.out.write(`${printableJson(document(report, { isClean, dryRun }), 2)}\n`)
  else terminal.out.write(`${linesOf(report, dryRun).map(printableLine).join('\n')}\n`)
  return isClean ? exitCodes.done : exitCodes.sandbox
}

function document(
  { reaped, problems }: ReapReport,
  { isClean, dryRun }: { readonly isClean: boolean; readonly dryRun: boolean },
) {
  return {
    ok: isClean,
    dry_run: dryRun,
    environments: reaped.map(({ identifier, undone, kept }) => ({
      identifier,
      removed: undone,
      kept: failures(kept),
    })),
    problems: failures(problems),
  }
}

function failures(problems: ReapReport['problems']) {
  return problems.map(({ what, error }) => ({ what, error: reportedError(error) }))
}

function linesOf({ reaped, problems }: ReapReport, dryRun: boolean): string[] {
  const lines = reaped.flatMap(({ identifier, undone, kept }) => [
    `${identifier}:`,
    ...undone.map((what) => `  ${dryRun ? 'would remove' : 'removed'} ${what}`),
    ...kept.map((problem) => `  kept ${problemText(problem)}`),
  ])
  if (reaped.length === 0) lines.push('Nothing is left over')
  return [...lines, ...problems.map((problem) => `not asked: ${problemText(problem)}`)]
}
