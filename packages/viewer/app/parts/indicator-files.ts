import type { IndicatorRow } from '../../src/model/rows.ts'
import { visible } from '../text/visible.ts'

export function indicatorsAsJson(rows: readonly IndicatorRow[]): string {
  return `${JSON.stringify(
    rows.map(({ kind, value, from }) => ({ kind, value, from })),
    undefined,
    2,
  )}\n`
}

/** By RFC 4180. The guest chose the values: none of them is a formula, and hidden characters are codes. */
export function indicatorsAsCsv(rows: readonly IndicatorRow[]): string {
  const lines = [['kind', 'value', 'from'], ...rows.map(({ kind, value, from }) => [kind, value, from])]
  return lines.map((cells) => `${cells.map(quoted).join(',')}\r\n`).join('')
}

function quoted(cell: string): string {
  const text = visible(cell)
  return `"${(/^[=+@-]/.test(text) ? `'${text}` : text).replaceAll('"', '""')}"`
}
