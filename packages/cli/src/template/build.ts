import { buildTemplate, printableJson, printableLine } from '@see/core'
import { Interruption } from '@see/runner/interruption'
import { createProgress } from '../terminal/create-progress.ts'
import { createRunLog } from '../terminal/run-log.ts'
import type { Terminal } from '../terminal/terminal.ts'

interface BuildOptions {
  readonly resources: string
  readonly name: string
  readonly timeoutMs: number
  readonly json: boolean
}

/** Carries out `see template build`. */
export async function build(
  { resources, name, timeoutMs, json }: BuildOptions,
  terminal: Terminal,
): Promise<void> {
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
  } catch (error) {
    progress.end(false)
    throw signal.aborted ? signal.reason : error
  }
}
