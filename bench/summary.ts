import { median } from './median.ts'
import type { Measured } from './run-interleaved.ts'
import type { Promised } from './scenario.ts'

export interface Line {
  readonly what: string
  readonly median: number
  readonly unit: string
  readonly least: number
  readonly most: number
  readonly against: string
  /** The median of the rounds' ratios to what it is measured against. */
  readonly ratio: number | undefined
  readonly promise: string
}

/** Medians, ratios, and which promises were kept. */
export function summaryOf(all: readonly Measured[]): Line[] {
  return all.map(({ what, unit, values, against, promise }) => {
    const peer = all.find((other) => other.what === against)?.values
    const ratio =
      peer === undefined
        ? undefined
        : median(values.map((value, round) => value / (peer[round] ?? Number.NaN)))
    const middle = median(values)
    const kept = promise === undefined ? '' : verdict(promise, middle, ratio, unit)
    const [least, most] = [Math.min(...values), Math.max(...values)]
    return { what, median: middle, unit, least, most, against: against ?? '', ratio, promise: kept }
  })
}

function verdict(
  { most, least, times }: Promised,
  value: number,
  ratio: number | undefined,
  unit: string,
): string {
  const told: string[] = []
  const tell = (what: string, isKept: boolean) => void told.push(`${what} ${isKept ? 'kept' : 'BROKEN'}`)
  if (most !== undefined) tell(`≤ ${most} ${unit}`, value <= most)
  if (least !== undefined) tell(`≥ ${least} ${unit}`, value >= least)
  if (times !== undefined && ratio !== undefined) {
    const speed = unit === '/s' ? ratio : 1 / ratio
    tell(`≥ ${times} ×`, speed >= times)
  }
  return told.join(', ')
}

/** Three digits are what such a measurement is worth. */
export function rounded(value: number): number {
  return value >= 100 ? Math.round(value) : Number(value.toPrecision(3))
}
