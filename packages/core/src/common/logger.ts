import { createRequire } from 'node:module'
import type { Logger, pino } from 'pino'
import { printableInJson } from './printable.ts'

export type { Logger }

/** Takes the log's lines, one JSON document each. */
export interface LogDestination {
  write(line: string): void
}

/** Loaded with the first logger: importing this package should not take longer for it. */
let loaded: typeof pino | undefined

function loadPino(): typeof pino {
  if (loaded !== undefined) return loaded
  const module: typeof pino = createRequire(import.meta.url)('pino')
  loaded = module
  return module
}

/** Lines in which a terminal obeys nothing. When standard error is closed they are lost, without another effect. */
function standardError(): LogDestination {
  const stream = loadPino().destination({ fd: 2, sync: true })
  stream.on('error', () => undefined)
  return { write: (line) => void stream.write(printableInJson(line)) }
}

/** The log goes to standard error as JSON lines, if nowhere else; `SEE_LOG` sets the level (default `warn`). */
export function createLogger(
  level = process.env['SEE_LOG'] ?? 'warn',
  destination: LogDestination = standardError(),
): Logger {
  return loadPino()({ level, base: {} }, destination)
}
