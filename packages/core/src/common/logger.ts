import { type Logger, pino } from 'pino'
import { printableInJson } from './printable.ts'

export type { Logger }

/** Takes the log's lines, one JSON document each. */
export interface LogDestination {
  write(line: string): void
}

/** Lines in which nothing is obeyed by a terminal. Where nobody hears them any more they are lost, and nothing else. */
function standardError(): LogDestination {
  const stream = pino.destination({ fd: 2, sync: true })
  stream.on('error', () => undefined)
  return { write: (line) => void stream.write(printableInJson(line)) }
}

/** The log goes to standard error as JSON lines, if nowhere else; `SEE_LOG` sets the level (default `warn`). */
export function createLogger(
  level = process.env['SEE_LOG'] ?? 'warn',
  destination: LogDestination = standardError(),
): Logger {
  return pino({ level, base: {} }, destination)
}
