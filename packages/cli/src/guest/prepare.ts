import { join, parse } from 'node:path'
import { prepareImage, printableJson, printableLine } from '@see/core'
import { Interruption } from '../interruption.ts'
import { createProgress } from '../run/progress.ts'
import { createRunLog } from '../run/run-log.ts'
import { buildTinyGuest } from '../run/tiny-guest.ts'
import type { Terminal } from '../terminal.ts'

interface PrepareFlags {
  readonly image: string
  readonly output: string | undefined
  readonly timeoutMs: number
  readonly json: boolean
}

/** Carries out `see guest prepare`. */
export async function prepare(
  { image, output = besides(image), timeoutMs, json }: PrepareFlags,
  terminal: Terminal,
): Promise<void> {
  const progress = await createProgress(terminal.error)
  using interruption = new Interruption(progress.note)
  const { signal } = interruption
  try {
    const logger = createRunLog(progress)
    const tiny = await buildTinyGuest({ signal, progress: progress.step })
    const [kernel, initrd] = [join(tiny, 'vmlinuz'), join(tiny, 'prepare.initrd')]
    const options = { kernel, initrd, timeoutMs, logger, signal, progress: progress.step }
    const { guest, done, missing } = await prepareImage(image, output, options)
    progress.end(true)
    const lines = [
      `${guest} in ${output}`,
      ...done.map((what) => `  has now: ${what}`),
      ...missing.map((what) => `  still needs: ${what}`),
    ]
    terminal.out.write(
      json
        ? `${printableJson({ ok: true, output, guest, done, missing }, 2)}\n`
        : `${lines.map(printableLine).join('\n')}\n`,
    )
  } catch (error) {
    progress.end(false)
    throw signal.aborted ? signal.reason : error
  }
}

function besides(image: string): string {
  const { dir, name } = parse(image)
  return join(dir, `${name}-see.qcow2`)
}
