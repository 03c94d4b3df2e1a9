import type { ReportIndex } from '../../src/model/report-index.ts'
import type { Tab, TableRow } from './row.ts'

/** What failed, what the evidence lacks, and what this page leaves out. */
export function notesTab(index: ReportIndex): Tab {
  const { head, missing, warnings, omitted, notReady } = index
  return {
    id: 'notes',
    name: 'Notes',
    columns: [
      { name: 'kind', width: '9rem' },
      { name: 'what', width: 'minmax(14rem, 3fr)' },
      { name: 'why', width: 'minmax(14rem, 4fr)' },
    ],
    rows: [
      ...(head?.error == null ? [] : [note('error', head.error, '', 'bad')]),
      ...(notReady === null ? [] : [note('not ready', notReady, '', 'bad')]),
      ...(head?.failures ?? []).map((each) =>
        note('failure', `${each.event}: ${each.handler}`, each.message, 'bad'),
      ),
      ...(head?.limits ?? []).map((each) => note('limit', `${each.limit}: ${each.action}`, each.detail)),
      ...(head?.guest ?? []).map((each) => note('guest', each, '')),
      ...missing.map((each) => note('missing', each, '')),
      ...warnings.map((each) => note(each.code, each.what, each.why)),
      ...omitted.map(({ what, count }) =>
        note(
          'left out',
          `${count.toLocaleString('en')} ${what}`,
          'beyond the bounds of this page; the files have them',
          'dim',
        ),
      ),
    ],
    empty: 'nothing failed, and nothing is missing',
  }
}

function note(kind: string, what: string, why: string, tone: TableRow['tone'] = 'warn'): TableRow {
  return {
    t: null,
    end: null,
    tone,
    cells: [kind, what, why],
    file: null,
    details: [{ label: kind, text: what }, ...(why === '' ? [] : [{ label: 'why', text: why, block: true }])],
  }
}
