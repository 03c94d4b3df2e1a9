export type TimeMode = 'relative' | 'wall'

/** A time of the case: seconds since its start, or the clock of the host, with milliseconds. */
export function timeText(t: number, started: number, mode: TimeMode): string {
  if (mode === 'relative') return (t / 1000).toFixed(3)
  return new Date(started + t).toISOString().slice(11, 23)
}

export function durationText(ms: number): string {
  if (ms < 1) return `${ms.toFixed(2)} ms`
  if (ms < 1000) return `${ms.toFixed(ms < 10 ? 1 : 0)} ms`
  if (ms < 120_000) return `${(ms / 1000).toFixed(ms < 10_000 ? 2 : 1)} s`
  const minutes = Math.floor(ms / 60_000)
  return minutes < 60
    ? `${minutes} min ${Math.round((ms % 60_000) / 1000)} s`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`
}

const UNITS = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export function bytesText(bytes: number | null): string {
  if (bytes === null) return ''
  let value = bytes
  let unit = 0
  while (value >= 1024 && unit < UNITS.length - 1) {
    value /= 1024
    unit++
  }
  return `${unit === 0 ? value : value.toFixed(1)} ${UNITS[unit] ?? ''}`
}

export function countText(count: number, one: string, many = `${one}s`): string {
  return `${count.toLocaleString('en')} ${count === 1 ? one : many}`
}

/** A path without the identifier that every file of an environment begins with. */
export function shortPath(path: string, identifier: string): string {
  return identifier === '' ? path : path.replace(`${identifier}_`, '')
}
