import { useEffect, useMemo, useRef, useState } from 'preact/hooks'
import type { ReportIndex } from '../src/model/report-index.ts'
import { Axis } from './axis/axis.tsx'
import type { Range } from './axis/axis-canvas.ts'
import { Details } from './parts/details.tsx'
import { Head } from './parts/head.tsx'
import { IndicatorExport } from './parts/indicator-export.tsx'
import { Tools } from './parts/tools.tsx'
import { useKeyboard } from './parts/keyboard.ts'
import { filterTabs } from './table/filter.ts'
import type { Tab, TabId, TableRow } from './table/row.ts'
import { Table } from './table/table.tsx'
import { TabList } from './table/tab-list.tsx'
import type { TimeMode } from './text/format.ts'

interface Props {
  readonly index: ReportIndex
  readonly tabs: readonly Tab[]
}

export type Theme = 'auto' | 'light' | 'dark'

/** The page: head, axis, tables, and the details of one row. */
export function App({ index, tabs }: Props) {
  const whole: Range = [0, Math.max(1, index.duration * 1.01)]
  const [mode, setMode] = useState<TimeMode>('relative')
  const [theme, setTheme] = useState<Theme>('auto')
  const [view, setView] = useState<Range>(whole)
  const [range, setRange] = useState<Range | null>(null)
  const [cursor, setCursor] = useState<number | null>(null)
  const [query, setQuery] = useState('')
  const [tabId, setTabId] = useState<TabId>(() => (index.events.length > 0 ? 'timeline' : 'notes'))
  const [selected, setSelected] = useState<TableRow | null>(null)
  const search = useRef<HTMLInputElement>(null)
  const filtered = useMemo(() => filterTabs(tabs, range, query), [tabs, range, query])
  const tab = filtered.find(({ id }) => id === tabId) ?? filtered[0]
  const rows = tab?.rows ?? []
  // A short table shows its first row; on the timeline nothing is more important than the rest.
  const first = tabId === 'timeline' ? undefined : rows[0]
  const shown = selected !== null && rows.includes(selected) ? selected : (first ?? null)

  useEffect(() => {
    document.documentElement.dataset['theme'] = theme
  }, [theme])
  const select = (row: TableRow | undefined): void => {
    if (row === undefined) return
    setSelected(row)
    if (row.t !== null) setCursor(row.t)
  }
  const step = (by: number): void => {
    const place = shown === null ? -1 : rows.indexOf(shown)
    select(rows[Math.min(rows.length - 1, Math.max(0, place + by))])
  }
  const stepEvent = (by: 1 | -1): void => {
    const from = cursor ?? (by === 1 ? -1 : Number.MAX_VALUE)
    const times = index.events.map(({ t }) => t)
    const t = by === 1 ? times.find((each) => each > from) : times.findLast((each) => each < from)
    if (t !== undefined) pick('timeline', t)
  }
  const move = (by: 1 | -1): void => {
    const [from, to] = view
    const t = (cursor ?? from) + (by * (to - from)) / 100
    setCursor(Math.min(to, Math.max(from, t)))
  }
  const pick = (id: TabId, t: number): void => {
    setTabId(id)
    setCursor(t)
    const row = filtered.find((each) => each.id === id)?.rows.find((each) => each.t === t)
    setSelected(row ?? null)
  }
  const escape = (): void => {
    if (document.activeElement === search.current) search.current?.blur()
    if (query !== '') setQuery('')
    else if (range !== null) setRange(null)
    else setView(whole)
  }
  useKeyboard({
    '/': () => search.current?.focus(),
    ArrowDown: () => step(1),
    ArrowUp: () => step(-1),
    ArrowRight: () => move(1),
    ArrowLeft: () => move(-1),
    ']': () => stepEvent(1),
    '[': () => stepEvent(-1),
    z: () => range !== null && setView(range),
    Escape: escape,
  })
  return (
    <>
      <div class="top">
        <Head index={index} />
        <Tools
          {...{ mode, setMode, theme, setTheme, query, setQuery, search, range, started: index.started }}
          onWhole={() => {
            setRange(null)
            setView(whole)
          }}
          onZoom={() => range !== null && setView(range)}
          zoomed={view[0] !== whole[0] || view[1] !== whole[1]}
        />
      </div>
      <Axis
        {...{ index, mode, theme, view, range, cursor }}
        onRange={setRange}
        onCursor={setCursor}
        onPick={pick}
      />
      <main class="below">
        <TabList tabs={filtered} all={tabs} chosen={tab?.id} onChoose={setTabId} />
        <div class="panel" role="tabpanel" id="panel" aria-labelledby={`tab-${tab?.id}`}>
          <div class="list">
            {tab?.id === 'indicators' && rows.length > 0 && (
              <IndicatorExport
                name={`indicators-${index.identifier}`}
                rows={index.indicators.filter(({ value }) => rows.some((row) => row.cells[1] === value))}
              />
            )}
            {tab !== undefined && (
              <Table
                key={tab.id}
                name={tab.name}
                columns={tab.columns}
                rows={rows}
                selected={shown}
                onSelect={select}
                onHover={setCursor}
                started={index.started}
                mode={mode}
                empty={tab.hidden > 0 ? 'nothing here matches the range and the search' : tab.empty}
              />
            )}
          </div>
          <Details row={shown} index={index} />
        </div>
      </main>
    </>
  )
}
