import { type Logger, pino } from 'pino'

export type { Logger }

/** The log goes to standard error as JSON lines; `SEE_LOG` sets the level (default `warn`). */
export function createLogger(level = process.env['SEE_LOG'] ?? 'warn'): Logger {
  return pino({ level, base: {} }, pino.destination({ fd: 2, sync: true }))
}
