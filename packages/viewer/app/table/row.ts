export type TabId =
  | 'timeline'
  | 'commands'
  | 'screens'
  | 'network'
  | 'requests'
  | 'files'
  | 'registry'
  | 'yara'
  | 'console'
  | 'isolation'
  | 'indicators'
  | 'evidence'
  | 'notes'

export type Tone = 'bad' | 'warn' | 'good' | 'dim'

/** One labelled text of a row's details. */
export interface DetailPart {
  readonly label: string
  readonly text: string
  /** Whether it has lines of its own. */
  readonly block?: boolean
}

/** A row of any table. */
export interface TableRow {
  readonly t: number | null
  readonly end: number | null
  readonly cells: readonly string[]
  readonly tone?: Tone | undefined
  /** Steps that its first text is moved in. */
  readonly depth?: number
  /** The proof, among the files of the report. */
  readonly file: number | null
  readonly picture?: number | null
  readonly details: readonly DetailPart[]
}

export interface Column {
  readonly name: string
  /** Width, in CSS. */
  readonly width: string
  readonly align?: 'right'
  readonly mono?: boolean
}

export interface Tab {
  readonly id: TabId
  readonly name: string
  readonly columns: readonly Column[]
  readonly rows: readonly TableRow[]
  /** Why there are no rows. */
  readonly empty: string
}

/** The text of a row that is searched. */
export function searchedText(row: TableRow): string {
  return [...row.cells, ...row.details.map(({ text }) => text)].join('\n').toLowerCase()
}

/** Whether a row lies in a range, at least in part. */
export function isIn(row: TableRow, [from, to]: readonly [number, number]): boolean {
  return row.t !== null && row.t <= to && (row.end ?? row.t) >= from
}
