import type { ReportIndex } from '../../src/model/report-index.ts'
import { depthsOf } from '../table/timeline-tab.ts'
import type { Lane, Mark, MarkTone } from './lane.ts'

/** Rows of spans that overlap; more overlap in the last. */
const MOST_ROWS = 5

interface Span {
  readonly t: number
  readonly end: number | null
  readonly label: string
  readonly tone: MarkTone
}

/** The lanes of the axis, from the top down. */
export function lanesOf(index: ReportIndex): Lane[] {
  const { duration } = index
  const spans = (all: readonly Span[]) => stacked(all, duration)
  return [
    eventLane(index),
    {
      name: 'hooks',
      tab: 'timeline',
      kind: 'spans',
      ...spans(
        index.handlers.map(({ t, end, handler, error }) => ({
          t,
          end,
          label: handler.split('#').at(-1) ?? handler,
          tone: error === null ? 'hook' : 'bad',
        })),
      ),
      empty: 'no handler ran, or no timeline was written',
    },
    {
      name: 'commands',
      tab: 'commands',
      kind: 'spans',
      ...spans(
        index.commands.flatMap(({ t, end, what, failed }) =>
          t === null ? [] : [{ t, end, label: what, tone: failed ? 'bad' : 'guest' }],
        ),
      ),
      empty: 'nothing was run in the guest',
    },
    {
      name: 'screens',
      tab: 'screens',
      kind: 'screens',
      rows: 1,
      marks: moments(index.screens.map(({ t, event }) => ({ t, label: event ?? 'screen', tone: 'see' }))),
      pictures: index.screens.map(({ picture }) => picture),
      empty: 'no screen was captured',
    },
    ...networkLanes(index),
    {
      name: 'console',
      tab: 'console',
      kind: 'spans',
      ...spans(
        index.consoles.flatMap(({ t, end, text }) =>
          t === null || text.text === '' ? [] : [{ t, end, label: 'console', tone: 'guest' }],
        ),
      ),
      empty: 'nothing was written to a console, or none was recorded',
    },
    {
      name: 'files',
      tab: 'files',
      kind: 'ticks',
      rows: 1,
      marks: moments(
        index.changes.map(({ t, change, path }) => ({ t, label: `${change} ${path}`, tone: 'guest' })),
      ),
      empty:
        index.changes.length === 0
          ? 'no disks were compared, or nothing changed'
          : 'none of the changes has a time within the case',
    },
    {
      name: 'registry',
      tab: 'registry',
      kind: 'ticks',
      rows: 1,
      marks: moments(
        index.registry.map(({ t, change, key }) => ({ t, label: `${change} ${key}`, tone: 'guest' })),
      ),
      empty:
        index.registry.length === 0
          ? 'no registry was compared, or nothing changed'
          : 'none of the changes has a time within the case',
    },
    {
      name: 'yara',
      tab: 'yara',
      kind: 'ticks',
      rows: 1,
      marks: moments(
        index.matches.map(({ t, rule, scanned }) => ({ t, label: `${rule} in ${scanned}`, tone: 'finding' })),
      ),
      empty: 'nothing was scanned, or no rule matched',
    },
  ]
}

function eventLane({ events, duration, handlers }: ReportIndex): Lane {
  const depths = depthsOf(events)
  const failed = new Set(handlers.filter(({ error }) => error !== null).map(({ event }) => event))
  const marks = events.map(
    ({ sequence, t, end, name }): Mark => ({
      t,
      end: end ?? duration,
      open: end === null,
      row: Math.min(depths.get(sequence) ?? 0, MOST_ROWS - 1),
      label: name,
      tone: failed.has(sequence) ? 'bad' : 'see',
    }),
  )
  return { name: 'events', tab: 'timeline', kind: 'spans', ...rowsOf(marks), empty: 'there is no timeline' }
}

function networkLanes({ rate, conversations, requests, duration }: ReportIndex): Lane[] {
  const timed = moments(
    requests.map(({ t, protocol, what }) => ({ t, label: `${protocol} ${what}`, tone: 'guest' })),
  )
  const untimed =
    requests.length === 0 ? 'no request was seen' : 'the trace says what was asked for, not when'
  return [
    {
      name: 'packets',
      tab: 'network',
      kind: 'rate',
      rows: 1,
      marks: [],
      ...(rate === null
        ? {}
        : {
            values: {
              slice: rate.slice,
              values: rate.packets.map((each) => each / (rate.slice / 1000)),
              unit: 'packets/s',
            },
          }),
      empty: 'no trace was taken, or nothing passed',
    },
    {
      name: 'conversations',
      tab: 'network',
      kind: 'spans',
      ...stacked(
        conversations.flatMap(({ t, end, protocol, destination, names }) =>
          t === null
            ? []
            : [{ t, end, label: `${protocol} ${names || destination}`, tone: 'guest' as const }],
        ),
        duration,
      ),
      empty: 'no network trace was summarised',
    },
    { name: 'requests', tab: 'requests', kind: 'ticks', rows: 1, marks: timed, empty: untimed },
  ]
}

interface Moment {
  readonly t: number | null
  readonly label: string
  readonly tone: MarkTone
}

/** In the order that they are given in, since pictures belong to them by their places. */
function moments(all: readonly Moment[]): Mark[] {
  return all.flatMap(({ t, label, tone }) => (t === null ? [] : [{ t, end: t, row: 0, label, tone }]))
}

/** Puts spans into rows such that those of a row do not overlap, while there are rows. */
function stacked(all: readonly Span[], duration: number): Pick<Lane, 'rows' | 'marks'> {
  const ends: number[] = []
  const marks = all
    .toSorted((one, other) => one.t - other.t)
    .map(({ t, end, label, tone }): Mark => {
      const to = end ?? duration
      const free = ends.findIndex((each) => each <= t)
      const row = free === -1 ? Math.min(ends.length, MOST_ROWS - 1) : free
      ends[row] = Math.max(ends[row] ?? 0, to)
      return { t, end: to, open: end === null, row, label, tone }
    })
  return rowsOf(marks)
}

function rowsOf(marks: readonly Mark[]): Pick<Lane, 'rows' | 'marks'> {
  return { marks, rows: 1 + marks.reduce((most, { row }) => Math.max(most, row), 0) }
}
