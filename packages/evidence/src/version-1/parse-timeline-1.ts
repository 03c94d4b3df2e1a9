import { jsonLines } from '../common/json-lines.ts'
import { type EventLine1, type HandlerLine1, lineSchema1 } from './timeline-line-1.ts'

/** The longest timeline that is read, in bytes. */
export const MOST_TIMELINE_BYTES = 512 * 1024 * 1024

export interface Timeline1 {
  /** In the order in which they were fired. */
  readonly events: readonly EventLine1[]
  readonly handlers: readonly HandlerLine1[]
  /** What could not be read, in words. */
  readonly missing: readonly string[]
}

export const noTimeline: Timeline1 = { events: [], handlers: [], missing: [] }

/** @throws EvidenceError `EVIDENCE_TOO_LONG` */
export function parseTimeline1(bytes: Uint8Array, name: string): Timeline1 {
  const { values, missing } = jsonLines(bytes, { name, mostBytes: MOST_TIMELINE_BYTES })
  const events: EventLine1[] = []
  const handlers: HandlerLine1[] = []
  for (const { number, value } of values) {
    const parsed = lineSchema1.safeParse(value)
    if (!parsed.success) missing.add(`line ${number} of ${name}, which is no line of a timeline`)
    else if (parsed.data.type === 'event') events.push(parsed.data)
    else handlers.push(parsed.data)
  }
  events.sort((one, other) => one.sequence - other.sequence)
  return { events, handlers, missing: missing.all }
}
