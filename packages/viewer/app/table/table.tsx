import { useEffect, useRef, useState } from 'preact/hooks'
import { timeText, type TimeMode } from '../text/format.ts'
import { Text } from '../text/text.tsx'
import type { Column, TableRow } from './row.ts'

const HEIGHT = 24
const BEYOND = 12
/** A cell is one line: more would not be seen. */
const CELL = 400

interface Props {
  readonly name: string
  readonly columns: readonly Column[]
  readonly rows: readonly TableRow[]
  readonly selected: TableRow | null
  readonly onSelect: (row: TableRow) => void
  readonly onHover: (t: number) => void
  readonly started: number
  readonly mode: TimeMode
  readonly empty: string
}

/** A table of which only the rows in sight are there. */
export function Table({ name, columns, rows, selected, onSelect, onHover, started, mode, empty }: Props) {
  const body = useRef<HTMLDivElement>(null)
  const [{ top, height }, setSeen] = useState({ top: 0, height: 600 })
  const timed = rows.some(({ t }) => t !== null)
  const widths = [...(timed ? ['7.2rem'] : []), ...columns.map(({ width }) => width)].join(' ')
  const see = (): void => {
    const element = body.current
    if (element !== null) setSeen({ top: element.scrollTop, height: element.clientHeight })
  }
  useEffect(() => {
    const element = body.current
    if (element === null) return undefined
    const observer = new ResizeObserver(see)
    observer.observe(element)
    return () => observer.disconnect()
  }, [])
  const place = selected === null ? -1 : rows.indexOf(selected)
  useEffect(() => {
    const element = body.current
    if (element === null || place === -1) return
    const from = (place + 1) * HEIGHT
    if (
      from - HEIGHT < element.scrollTop + HEIGHT ||
      from + HEIGHT > element.scrollTop + element.clientHeight
    ) {
      element.scrollTop = Math.max(0, from - element.clientHeight / 2)
    }
    see()
  }, [place, rows])
  const first = Math.max(0, Math.floor(top / HEIGHT) - BEYOND)
  const last = Math.min(rows.length, Math.ceil((top + height) / HEIGHT) + BEYOND)
  return (
    <div
      class="table"
      ref={body}
      onScroll={see}
      role="table"
      aria-label={name}
      aria-rowcount={rows.length + 1}
      tabIndex={0}
    >
      <div class="sheet" style={{ height: `${(rows.length + 1) * HEIGHT}px` }} role="rowgroup">
        <div class="row head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: widths }}>
          {timed && <Heading name={mode === 'relative' ? 'seconds' : 'clock (UTC)'} align="right" />}
          {columns.map((column) => (
            <Heading key={column.name} name={column.name} align={column.align} />
          ))}
        </div>
        {rows.slice(first, last).map((row, index) => (
          <div
            key={first + index}
            class={`row ${row.tone ?? ''} ${row === selected ? 'selected' : ''}`}
            role="row"
            aria-rowindex={first + index + 2}
            aria-selected={row === selected}
            style={{ gridTemplateColumns: widths, top: `${(first + index + 1) * HEIGHT}px` }}
            onClick={() => onSelect(row)}
            onPointerEnter={() => row.t !== null && onHover(row.t)}
          >
            {timed && (
              <span class="cell right time" role="cell">
                {row.t === null ? '' : timeText(row.t, started, mode)}
              </span>
            )}
            {row.cells.map((cell, at) => (
              <Cell key={at} text={cell} column={columns[at]} depth={at === 1 ? (row.depth ?? 0) : 0} />
            ))}
          </div>
        ))}
      </div>
      {rows.length === 0 && <p class="none">{empty}</p>}
    </div>
  )
}

function Heading({ name, align }: { readonly name: string; readonly align?: 'right' | undefined }) {
  return (
    <span class={`cell ${align ?? ''}`} role="columnheader">
      {name}
    </span>
  )
}

interface CellProps {
  readonly text: string
  readonly column: Column | undefined
  readonly depth: number
}

function Cell({ text, column, depth }: CellProps) {
  const classes = `cell ${column?.align ?? ''} ${column?.mono === true ? 'mono' : ''}`
  return (
    <span class={classes} role="cell" style={depth === 0 ? {} : { paddingLeft: `${0.5 + depth}rem` }}>
      <Text value={text.slice(0, CELL)} />
    </span>
  )
}
