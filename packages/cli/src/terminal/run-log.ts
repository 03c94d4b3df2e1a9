import { createLogger, type Logger, z } from '@see/core'
import type { Progress } from '@see/runner'

/** pino's number of the level `warn`. */
const WARN = 40

const line = z.object({
  level: z.number(),
  hook: z.string().optional(),
  handler: z.string().optional(),
  progress: z.unknown().optional(),
  msg: z.string(),
})

/**
 * The log of a run: warnings and errors in words, and how downloads go; as JSON lines on standard error when `SEE_LOG`
 * sets a level.
 */
export function createRunLog({ note, update }: Pick<Progress, 'note' | 'update'>): Logger {
  if (process.env['SEE_LOG'] !== undefined) return createLogger()
  return createLogger('info', {
    write: (text) => {
      const { level, hook, handler, progress, msg } = line.parse(JSON.parse(text))
      const who = handler ?? hook
      if (level >= WARN) note(who === undefined ? msg : `${who}: ${msg}`)
      else if (progress !== undefined) update(msg)
    },
  })
}
