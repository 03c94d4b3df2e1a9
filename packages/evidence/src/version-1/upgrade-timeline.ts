import type { Timeline } from '../timeline/parse-timeline.ts'
import { TIMELINE_VERSION, type TimelineLine } from '../timeline/timeline-line.ts'
import type { Timeline1 } from './parse-timeline-1.ts'
import type { EventLine1, HandlerLine1 } from './timeline-line-1.ts'

/**
 * A timeline of version 1 as one of version 2. It was not written when handlers began: that is counted from the event, by
 * how long the handlers before took.
 */
export function upgradeTimeline({ events, handlers, missing }: Timeline1, identifier: string): Timeline {
  const start = events.reduce((least, { timestamp }) => Math.min(least, timestamp), Infinity)
  const timestamp = Number.isFinite(start) ? start : 0
  const ends = groupedBySequence(handlers)
  const lines = events.flatMap((event) => linesOf(event, ends.get(event.sequence) ?? [], timestamp))
  return {
    version: { type: 'see-timeline', version: TIMELINE_VERSION, identifier, timestamp, monotonic: 0 },
    // Sorting is stable: what has the same time stays in the order of the events.
    lines: lines.toSorted((one, other) => one.t - other.t),
    missing: [
      ...missing,
      'the monotonic clock of the timeline, and when its handlers began: both are computed',
    ],
  }
}

function groupedBySequence(handlers: readonly HandlerLine1[]): Map<number, HandlerLine1[]> {
  const groups = new Map<number, HandlerLine1[]>()
  for (const line of handlers) {
    const group = groups.get(line.sequence)
    if (group === undefined) groups.set(line.sequence, [line])
    else group.push(line)
  }
  return groups
}

/** @param later the ends of asynchronous handlers that came after the line of the event */
function linesOf(event: EventLine1, later: readonly HandlerLine1[], start: number): TimelineLine[] {
  const { handlers, ...rest } = event
  const since = (timestamp: number): number => Math.round((timestamp - start) * 1000) / 1000
  const lines: TimelineLine[] = [{ ...rest, t: since(event.timestamp) }]
  const left = [...later]
  let time = event.timestamp
  for (const [index, { durationMs, error, ...named }] of handlers.entries()) {
    const run = { sequence: event.sequence, run: index + 1, ...named }
    lines.push({ type: 'handler_start', ...run, timestamp: time, t: since(time) })
    const end =
      durationMs === undefined
        ? laterEnd(left, named.handler)
        : { timestamp: time + durationMs, durationMs, error }
    if (end === undefined) continue
    if (!named.asynchronous) time = end.timestamp
    const failure = end.error === undefined ? {} : { error: end.error }
    const ended = {
      timestamp: end.timestamp,
      t: since(end.timestamp),
      durationMs: end.durationMs,
      ...failure,
    }
    lines.push({ type: 'handler_end', ...run, ...ended })
  }
  return lines
}

interface End {
  readonly timestamp: number
  readonly durationMs: number
  readonly error?: string | undefined
}

/** Takes the end of a handler out of those that are left. */
function laterEnd(left: HandlerLine1[], handler: string): End | undefined {
  const index = left.findIndex((line) => line.handler === handler)
  const [line] = index === -1 ? [] : left.splice(index, 1)
  return line === undefined ? undefined : { ...line, durationMs: line.durationMs ?? 0 }
}
