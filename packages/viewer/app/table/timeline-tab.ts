import type { ReportIndex } from '../../src/model/report-index.ts'
import type { EventRow, HandlerRow } from '../../src/model/rows.ts'
import { durationText } from '../text/format.ts'
import type { Tab, TabId, TableRow } from './row.ts'

/** What stands on the timeline beside events and handlers, and the words for it. */
const ALSO: Partial<Record<TabId, string>> = {
  commands: 'command',
  screens: 'screen',
  requests: 'request',
  network: 'conversation',
  files: 'file',
  registry: 'registry',
  yara: 'yara',
}

/** How deep each event lies in others. */
export function depthsOf(events: readonly EventRow[]): Map<number, number> {
  const depths = new Map<number, number>()
  for (const { sequence, parent } of events) {
    depths.set(sequence, parent === null ? 0 : Math.min(8, (depths.get(parent) ?? -1) + 1))
  }
  return depths
}

/** Everything with a time, in its order. */
export function timelineTab(index: ReportIndex, others: readonly Tab[]): Tab {
  const depths = depthsOf(index.events)
  const rows: TableRow[] = [
    ...index.events.map((event) => eventRow(event, depths.get(event.sequence) ?? 0)),
    ...index.handlers.map((handler) => handlerRow(handler, depths.get(handler.event) ?? 0, index)),
    ...others.flatMap((tab) => alsoRows(tab)),
  ]
  return {
    id: 'timeline',
    name: 'Timeline',
    columns: [
      { name: 'kind', width: '8.2rem' },
      { name: 'what', width: 'minmax(14rem, 3fr)' },
      { name: 'who', width: 'minmax(10rem, 2fr)' },
      { name: 'took', width: '6rem', align: 'right' },
      { name: 'detail', width: 'minmax(12rem, 4fr)' },
    ],
    // Sorting is stable: what happened at the same time stays in the order of the timeline.
    rows: rows.toSorted((one, other) => (one.t ?? 0) - (other.t ?? 0)),
    empty: 'there is no timeline',
  }
}

function eventRow(event: EventRow, depth: number): TableRow {
  const took =
    event.end === null ? 'did not end' : event.end > event.t ? durationText(event.end - event.t) : ''
  const attributes = event.attributes === '{}' ? '' : event.attributes
  return {
    t: event.t,
    end: event.end,
    depth,
    cells: ['event', event.name, event.origin.split('#').at(-1) ?? '', took, attributes],
    file: null,
    details: [
      { label: 'event', text: event.name },
      { label: 'number', text: String(event.sequence) },
      { label: 'fired by', text: event.origin },
      ...(event.parent === null ? [] : [{ label: 'inside of', text: `event ${event.parent}` }]),
      ...(attributes === '' ? [] : [{ label: 'attributes', text: attributes }]),
    ],
  }
}

function handlerRow(handler: HandlerRow, depth: number, { complete }: ReportIndex): TableRow {
  const { t, end, error, asynchronous } = handler
  const open = complete ? 'no end is known' : 'had not ended'
  return {
    t,
    end,
    depth: depth + 1,
    tone: error === null ? 'dim' : 'bad',
    cells: [
      'handler',
      handler.handler.split('#').at(-1) ?? handler.handler,
      handler.handler.split('#')[0] ?? '',
      end === null ? open : durationText(end - t),
      error ?? (asynchronous ? 'not waited for' : ''),
    ],
    file: null,
    details: [
      { label: 'handler', text: handler.handler },
      { label: 'of event', text: String(handler.event) },
      { label: 'waited for', text: asynchronous ? 'no' : 'yes' },
      ...(error === null ? [] : [{ label: 'threw', text: error, block: true }]),
    ],
  }
}

function alsoRows({ id, rows }: Tab): TableRow[] {
  const kind = ALSO[id]
  if (kind === undefined) return []
  return rows
    .filter(({ t }) => t !== null)
    .map((row) => {
      const [first = '', second = '', ...rest] = row.cells
      const took = row.t !== null && row.end !== null && row.end > row.t ? durationText(row.end - row.t) : ''
      return { ...row, cells: [kind, ...merged(id, first, second, rest, took)] }
    })
}

function joined(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' · ')
}

/** What, who, how long, and the rest, of the cells that a row has in its own table. */
function merged(id: TabId, first: string, second: string, rest: readonly string[], took: string): string[] {
  if (id === 'network') {
    const [to = '', names = '', packets = '', bytes = ''] = rest
    return [
      `${second} → ${to}`,
      first,
      took,
      joined([names, `${packets} ${packets === '1' ? 'packet' : 'packets'}`, bytes]),
    ]
  }
  if (id === 'yara') return [first, second, took, joined(rest)]
  if (id === 'screens') return [first, '', took, joined([second, ...rest])]
  // How long a command took has a column of its own.
  if (id === 'commands') return [second, first, took, joined([rest[0] ?? '', rest[2] ?? ''])]
  return [second, first, took, joined(rest)]
}
