import { createLogger, type Logger, z } from '@see/core'
import { printable } from '../printable.ts'

const line = z.object({ hook: z.string().optional(), handler: z.string().optional(), msg: z.string() })

/** The log of a run: warnings and errors in words; as JSON lines on standard error when `SEE_LOG` sets a level. */
export function createRunLog(note: (message: string) => void): Logger {
  if (process.env['SEE_LOG'] !== undefined) return createLogger()
  return createLogger('warn', {
    write: (text) => {
      const { hook, handler, msg } = line.parse(JSON.parse(text))
      const who = handler ?? hook
      note(printable(who === undefined ? msg : `${who}: ${msg}`))
    },
  })
}
