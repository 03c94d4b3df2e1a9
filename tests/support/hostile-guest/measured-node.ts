import { readFileSync } from 'node:fs'

/** What a process measured of itself, written when it exits. */
export interface ProcessMeasures {
  /** Its largest resident memory, which the kernel keeps. */
  readonly peakMib: number
  /** The longest time in which its event loop did nothing else, in milliseconds. */
  readonly longestGapMs: number
}

// Loaded before SEE. Threads load it too, and have no measures of their own.
const PRELOAD = `
import { writeFileSync } from 'node:fs'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { isMainThread } from 'node:worker_threads'
if (isMainThread) {
  const delays = monitorEventLoopDelay({ resolution: 20 })
  delays.enable()
  process.on('exit', () => {
    const peakMib = process.resourceUsage().maxRSS / 1024
    writeFileSync(PATH, JSON.stringify({ peakMib, longestGapMs: delays.max / 1e6 }))
  })
}`

/** Options for Node with which a process writes its measures into the file `path`. */
export function measuringOptions(path: string): string[] {
  const module = PRELOAD.replace('PATH', JSON.stringify(path))
  return ['--import', `data:text/javascript,${encodeURIComponent(module)}`]
}

export function measuresIn(path: string): ProcessMeasures {
  return JSON.parse(readFileSync(path, 'utf8'))
}
