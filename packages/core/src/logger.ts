import { type Logger, pino } from 'pino'

export type { Logger }

/** Takes the log's lines, one JSON document each. */
export interface LogDestination {
  write(line: string): void
}

/** The log goes to standard error as JSON lines, if nowhere else; `SEE_LOG` sets the level (default `warn`). */
export function createLogger(
  level = process.env['SEE_LOG'] ?? 'warn',
  destination: LogDestination = pino.destination({ fd: 2, sync: true }),
): Logger {
  return pino({ level, base: {} }, destination)
}
