import { isIn, searchedText, type Tab, type TableRow } from './row.ts'

export interface FilteredTab extends Tab {
  /** Rows that do not match. */
  readonly hidden: number
}

const texts = new WeakMap<TableRow, string>()

function textOf(row: TableRow): string {
  const known = texts.get(row)
  if (known !== undefined) return known
  const text = searchedText(row)
  texts.set(row, text)
  return text
}

/** The rows in a range that have all words of a search. Rows without a time are in no range, but for those of no time at all. */
export function filterTabs(
  tabs: readonly Tab[],
  range: readonly [number, number] | null,
  query: string,
): FilteredTab[] {
  const words = query
    .toLowerCase()
    .split(/\s+/)
    .filter((word) => word !== '')
  return tabs.map((tab) => {
    const timed = tab.rows.some(({ t }) => t !== null)
    const rows = tab.rows.filter(
      (row) =>
        (range === null || !timed || isIn(row, range)) && words.every((word) => textOf(row).includes(word)),
    )
    return { ...tab, rows, hidden: tab.rows.length - rows.length }
  })
}
