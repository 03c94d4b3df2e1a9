import { buildTemplate, printableJson, printableLine } from '@see/core'
import { errorText } from '../error-text.ts'
import { exitCodeOf } from '../exit-code.ts'
import { type ExitCode, exitCodes } from '../exit-codes.ts'
import { Interruption } from '../interruption.ts'
import { createProgress } from '../run/progress.ts'
import { createRunLog } from '../run/run-log.ts'
import { reportedError } from '../run/run-report.ts'
import type { Terminal } from '../terminal.ts'

interface BuildOptions {
  readonly resources: string
  readonly name: string
  readonly timeoutMs: number
  readonly json: boolean
}

/** Carries out `see template build`: what goes wrong is told to the user and in the exit code, not thrown. */
export async function build(
  { resources, name, timeoutMs, json }: BuildOptions,
  terminal: Terminal,
): Promise<ExitCode> {
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const { signal } = interruption
  try {
    const logger = createRunLog(progress)
    const { manifest, folder } = await buildTemplate(resources, name, {
      signal,
      timeoutMs,
      logger,
      progress: progress.step,
    })
    progress.end(true)
    terminal.out.write(
      json
        ? `${printableJson({ ok: true, folder, manifest }, 2)}\n`
        : `Template ${name} in ${printableLine(folder)}/\n`,
    )
    return exitCodes.done
  } catch (error) {
    progress.end(false)
    if (json) terminal.out.write(`${printableJson({ ok: false, error: reportedError(error) }, 2)}\n`)
    terminal.error.write(`see: ${errorText(signal.aborted ? signal.reason : error)}\n`)
    return exitCodeOf(signal.aborted ? signal.reason : error)
  }
}
