const units = [
  ['day', 24 * 3_600_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1000],
] as const

/** A duration in the largest unit of which it is a whole number, such as `5 minutes`. */
export function inWords(ms: number): string {
  const [unit, size] = units.find(([, each]) => ms >= each && ms % each === 0) ?? ['millisecond', 1]
  const count = ms / size
  return `${count.toLocaleString('en')} ${unit}${count === 1 ? '' : 's'}`
}
