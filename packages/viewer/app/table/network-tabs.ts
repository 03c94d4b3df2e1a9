import type { ReportIndex } from '../../src/model/report-index.ts'
import { bytesText } from '../text/format.ts'
import type { Tab } from './row.ts'

export function networkTab({ conversations }: ReportIndex): Tab {
  return {
    id: 'network',
    name: 'Conversations',
    columns: [
      { name: 'protocol', width: '6rem' },
      { name: 'from', width: 'minmax(11rem, 2fr)', mono: true },
      { name: 'to', width: 'minmax(11rem, 2fr)', mono: true },
      { name: 'names', width: 'minmax(10rem, 2fr)' },
      { name: 'packets', width: '5.5rem', align: 'right' },
      { name: 'bytes', width: '6.5rem', align: 'right' },
    ],
    rows: conversations.map((each) => ({
      t: each.t,
      end: each.end,
      cells: [
        each.protocol,
        each.source,
        each.destination,
        each.names,
        each.packets.toLocaleString('en'),
        bytesText(each.bytes),
      ],
      file: each.file,
      details: [
        { label: 'from', text: each.source },
        { label: 'to', text: each.destination },
        ...(each.names === '' ? [] : [{ label: 'names', text: each.names }]),
      ],
    })),
    empty: 'no network trace was summarised',
  }
}

export function requestTab({ requests }: ReportIndex): Tab {
  return {
    id: 'requests',
    name: 'Requests',
    columns: [
      { name: 'protocol', width: '6rem' },
      { name: 'what', width: 'minmax(14rem, 4fr)', mono: true },
      { name: 'server', width: 'minmax(10rem, 2fr)', mono: true },
      { name: 'detail', width: 'minmax(10rem, 3fr)' },
      { name: 'times', width: '4.5rem', align: 'right' },
    ],
    rows: requests.map((each) => ({
      t: each.t,
      end: null,
      cells: [each.protocol, each.what, each.server, each.detail, String(each.count)],
      file: each.file,
      details: [
        { label: each.protocol, text: each.what },
        ...(each.server === '' ? [] : [{ label: 'server', text: each.server }]),
        ...(each.detail === '' ? [] : [{ label: 'detail', text: each.detail, block: true }]),
      ],
    })),
    empty: 'no request was seen',
  }
}

export function attemptTab({ attempts }: ReportIndex): Tab {
  return {
    id: 'isolation',
    name: 'Isolation',
    columns: [
      { name: 'target', width: '7rem' },
      { name: 'tried', width: 'minmax(12rem, 2fr)', mono: true },
      { name: 'expected', width: '8rem' },
      { name: 'seen', width: '8rem' },
      { name: 'by', width: '5rem' },
      { name: 'verdict', width: 'minmax(8rem, 1fr)' },
    ],
    rows: attempts.map((each) => ({
      t: each.t,
      end: null,
      tone: each.verdict === 'mismatch' ? 'bad' : each.verdict === 'as expected' ? 'good' : undefined,
      cells: [each.target, each.tried, each.expected, each.seen, each.by, each.verdict],
      file: each.file,
      details: [{ label: 'tried', text: each.tried }],
    })),
    empty: 'no probe was run in the guest',
  }
}
