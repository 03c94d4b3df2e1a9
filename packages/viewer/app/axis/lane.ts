import type { TabId } from '../table/row.ts'

/** By role: what SEE did, what the guest did, what was found, what failed. */
export type MarkTone = 'see' | 'hook' | 'guest' | 'finding' | 'bad'

export interface Mark {
  readonly t: number
  /** The same as `t` for a moment. */
  readonly end: number
  /** Whether its end is not known: it is drawn to the end of the axis. */
  readonly open?: boolean
  /** Counted from the top of its lane. */
  readonly row: number
  readonly label: string
  readonly tone: MarkTone
}

export interface Lane {
  readonly name: string
  /** The table with the same. */
  readonly tab: TabId
  readonly kind: 'spans' | 'ticks' | 'rate' | 'screens'
  readonly rows: number
  readonly marks: readonly Mark[]
  /** Values in equal slices, for a rate. */
  readonly values?: { readonly slice: number; readonly values: readonly number[]; readonly unit: string }
  /** Pictures of the marks of a film strip, by their places. */
  readonly pictures?: readonly (number | null)[]
  /** Why there is nothing in it. */
  readonly empty: string
}

const ROW = 18
const HEIGHTS = { ticks: 18, rate: 34, screens: 52 }

export function laneHeight({ kind, rows, marks, values }: Lane): number {
  if (marks.length === 0 && values === undefined) return 18
  return 6 + (kind === 'spans' ? rows * ROW : HEIGHTS[kind])
}

export const ROW_HEIGHT = ROW
