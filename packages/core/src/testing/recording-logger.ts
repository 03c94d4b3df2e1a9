import { type Logger, pino } from 'pino'

/** A logger that keeps its lines, parsed, for tests to look at. */
export function recordingLogger(): { readonly logger: Logger; readonly lines: Record<string, unknown>[] } {
  const lines: Record<string, unknown>[] = []
  const write = (line: string) => void lines.push(JSON.parse(line))
  return { logger: pino({ level: 'trace', base: {} }, { write }), lines }
}
