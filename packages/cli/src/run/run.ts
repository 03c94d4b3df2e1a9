import { randomUUID } from 'node:crypto'
import { relative } from 'node:path'
import { messageOf, printableJson, printableLine } from '@see/core'
import { type ExitCode, runCase, type TinyGuest, Watchdog } from '@see/runner'
import { createProgress } from '../terminal/create-progress.ts'
import { errorText } from '../terminal/error-text.ts'
import { Interruption } from '@see/runner/interruption'
import { createRunLog } from '../terminal/run-log.ts'
import type { Terminal } from '../terminal/terminal.ts'
import type { RunOptions } from './run-options.ts'
import { summaryOf } from './summary.ts'

interface RunDependencies {
  readonly terminal: Terminal
  readonly tinyGuest?: TinyGuest
}

/** Carries out `see run`: what goes wrong is shown to the user and in the exit code, not thrown. */
export async function run(
  { json, loopTimeoutMs, results, resultsMode, report: makesPage = false, ...inputs }: RunOptions,
  { terminal, ...dependencies }: RunDependencies,
): Promise<ExitCode> {
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const identifier = randomUUID()
  const place = { identifier, results, resultsMode }
  using watchdog = new Watchdog({ ...place, loopTimeoutMs, onBlocked: interruption.fail })
  const { exitCode, report, error } = await runCase({
    ...inputs,
    ...dependencies,
    ...place,
    watchdog,
    signal: interruption.signal,
    hurry: interruption.hurry,
    laterErrors: interruption.laterErrors,
    progress,
    logger: createRunLog(progress),
  })
  const folder = makesPage ? report.results_folder : null
  const page = folder === null ? undefined : await pageOf(folder, resultsMode, terminal)
  if (json) terminal.out.write(`${printableJson(report, 2)}\n`)
  else if (report.results_folder !== null) terminal.out.write(summaryOf(report))
  if (!json && page !== undefined) terminal.out.write(`Report in ${printableLine(shownPath(page))}\n`)
  if (error !== undefined) terminal.error.write(`see: ${errorText(error)}\n`)
  return exitCode
}

/** The path of the page. The evidence is as good without one: what went wrong is a note, and not a failure of the run. */
async function pageOf(folder: string, mode: number, terminal: Terminal): Promise<string | undefined> {
  try {
    const { runPage } = await import('./run-page.ts')
    return await runPage(folder, mode)
  } catch (error) {
    const advice = `once that is mended, npx see report ${folder} makes it`
    terminal.error.write(
      `see: ${printableLine(`the page of the case is missing: ${messageOf(error)}; ${advice}`)}\n`,
    )
    return undefined
  }
}

function shownPath(path: string): string {
  const shown = relative(process.cwd(), path)
  return shown.startsWith('..') ? path : shown
}
