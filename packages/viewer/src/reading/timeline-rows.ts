import type { EventLine, HandlerEndLine, HandlerStartLine, Timeline } from '@see/evidence'
import type { EventRow, HandlerRow } from '../model/rows.ts'
import type { Bounds } from './bounds.ts'
import type { Clock } from './clock.ts'

interface TimelineRows {
  readonly events: readonly EventRow[]
  readonly handlers: readonly HandlerRow[]
}

interface Tools {
  readonly clock: Clock
  readonly bounds: Bounds
}

/** Events and the runs of their handlers. */
export function timelineRows(timeline: Timeline | undefined, { clock, bounds }: Tools): TimelineRows {
  const events: EventLine[] = []
  const starts: HandlerStartLine[] = []
  const ends = new Map<string, HandlerEndLine>()
  for (const line of timeline?.lines ?? []) {
    if (line.type === 'event') events.push(line)
    if (line.type === 'handler_start') starts.push(line)
    if (line.type === 'handler_end') ends.set(keyOf(line), line)
  }
  const started = new Set(starts.map((start) => keyOf(start)))
  // An end whose beginning is lost says itself how long it took.
  const lost = Array.from(ends.values())
    .filter((end) => !started.has(keyOf(end)))
    .map((end) => ({ ...end, t: Math.max(0, end.t - end.durationMs) }))
  const handlers = bounds.rows('runs of handlers', [...starts, ...lost]).map((start): HandlerRow => {
    const end = ends.get(keyOf(start))
    return {
      event: start.sequence,
      handler: bounds.field(start.handler),
      asynchronous: start.asynchronous,
      t: clock.at(start.t),
      end: end === undefined ? null : clock.at(end.t),
      error: end?.error === undefined ? null : bounds.field(end.error),
    }
  })
  const lastEnds = endsOf(handlers)
  const rows = bounds.rows('events', events).map((event): EventRow => {
    const t = clock.at(event.t)
    return {
      sequence: event.sequence,
      parent: event.parent ?? null,
      name: bounds.field(event.name),
      origin: bounds.field(event.origin),
      t,
      end: lastEnds.has(event.sequence) ? (lastEnds.get(event.sequence) ?? null) : t,
      attributes:
        bounds.field(JSON.stringify(event.attributes)) + (event.attributes_cut === true ? ' …' : ''),
    }
  })
  return { events: rows, handlers }
}

function keyOf({ sequence, run }: HandlerStartLine | HandlerEndLine): string {
  return `${sequence} ${run}`
}

/** When the last synchronous handler of each event ended; null where one did not. */
function endsOf(handlers: readonly HandlerRow[]): Map<number, number | null> {
  const ends = new Map<number, number | null>()
  for (const { event, asynchronous, end } of handlers) {
    if (asynchronous) continue
    const before = ends.get(event)
    ends.set(event, before === null || end === null ? null : Math.max(before ?? 0, end))
  }
  return ends
}
