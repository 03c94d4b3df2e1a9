import type { Lane } from './lane.ts'

/** What a lane has at an instant, in a word or two. */
export function readoutAt({ marks, values, kind }: Lane, t: number): string {
  if (values !== undefined) {
    const value = values.values[Math.floor(t / values.slice)] ?? 0
    return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${values.unit}`
  }
  if (kind === 'ticks') return ''
  let last: string | undefined
  let count = 0
  for (const mark of marks) {
    const isThere = kind === 'screens' ? mark.t <= t : mark.t <= t && mark.end >= t
    if (!isThere) continue
    last = mark.label
    count++
  }
  if (last === undefined) return ''
  return kind === 'screens' || count === 1 ? last.slice(0, 40) : `${last.slice(0, 40)} +${count - 1}`
}
