import type { ReportIndex } from '../../src/model/report-index.ts'
import type { Tab } from '../table/row.ts'
import { timeText } from '../text/format.ts'
import { Text } from '../text/text.tsx'
import { Head } from './head.tsx'

/** Rows of a table on paper. */
const MOST = 500

/** The page as a document: every table that has rows, one after the other. */
export function PrintedReport({
  index,
  tabs,
}: {
  readonly index: ReportIndex
  readonly tabs: readonly Tab[]
}) {
  return (
    <main>
      <Head index={index} />
      {tabs
        .filter(({ rows }) => rows.length > 0)
        .map((tab) => (
          <PrintedTable key={tab.id} tab={tab} started={index.started} />
        ))}
    </main>
  )
}

function PrintedTable({ tab, started }: { readonly tab: Tab; readonly started: number }) {
  const timed = tab.rows.some(({ t }) => t !== null)
  return (
    <section>
      <h2>{tab.name}</h2>
      <table>
        <thead>
          <tr>
            {timed && <th>seconds</th>}
            {tab.columns.map(({ name }) => (
              <th key={name}>{name}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {tab.rows.slice(0, MOST).map((row, at) => (
            <tr key={at}>
              {timed && <td>{row.t === null ? '' : timeText(row.t, started, 'relative')}</td>}
              {row.cells.map((cell, place) => (
                <td key={place}>
                  <Text value={cell.slice(0, MOST)} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
      {tab.rows.length > MOST && <p>{tab.rows.length - MOST} more rows are in the page itself.</p>}
    </section>
  )
}
