import { useLayoutEffect, useRef } from 'preact/hooks'
import type { ReportIndex } from '../../src/model/report-index.ts'
import { laneHeight } from '../axis/lane.ts'
import { lanesOf } from '../axis/lanes.ts'
import { printAxis } from '../axis/print-axis.ts'
import type { Column, Tab } from '../table/row.ts'
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
      <PrintedAxis index={index} />
      {tabs
        .filter(({ rows }) => rows.length > 0)
        .map((tab) => (
          <PrintedTable key={tab.id} tab={tab} started={index.started} />
        ))}
    </main>
  )
}

/** The lanes as they are on the whole axis, wherever the page is zoomed to. */
function PrintedAxis({ index }: { readonly index: ReportIndex }) {
  const place = useRef<HTMLCanvasElement>(null)
  const lanes = lanesOf(index)
  useLayoutEffect(() => {
    if (place.current !== null) printAxis(place.current, lanes, index)
  })
  return (
    <figure>
      <div class="names">
        {lanes.map((lane) => (
          <div class="name" style={{ height: `${laneHeight(lane)}px` }} key={lane.name}>
            {lane.name}
          </div>
        ))}
      </div>
      <canvas ref={place} role="img" aria-label="Time axis" />
    </figure>
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
              {timed && <td class="short">{row.t === null ? '' : timeText(row.t, started, 'relative')}</td>}
              {row.cells.map((cell, place) => (
                <td key={place} class={isShort(tab.columns[place]) ? 'short' : ''}>
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

/** A column of a width of its own holds a word or a number. */
function isShort(column: Column | undefined): boolean {
  return column?.width.endsWith('rem') === true
}
