import { writeSync } from 'node:fs'
import { setTimeout as sleep } from 'node:timers/promises'
import { workerData } from 'node:worker_threads'
import { breakOff } from './break-off.ts'
import { Pulse } from './pulse.ts'
import { SharedNote } from './shared-note.ts'
import type { ThreadData } from './thread-data.ts'

/** How long a process that was broken off may take to turn its event loop again. */
const RECOVERY_MS = 5000
/** And to clean up: five seconds for hooks, two minutes for the sandbox, and some more. */
const END_MS = 150_000
/** A hook may loop in its clean-up, and in another one. */
const MOST_BREAKS = 5

const data: ThreadData = workerData
const note = new SharedNote(data.memory)
let breaks = 0

for (;;) {
  const pulse = new Pulse(() => note.beats, breaks === 0 ? undefined : END_MS)
  const end = await pulse.until(data.loopTimeoutMs)
  if (end === 'silent') await endLoop()
  else await die('took too long to clean up after a loop was broken off')
}

async function endLoop(): Promise<void> {
  const beats = note.beats
  breaks++
  // First: the attempt to go on may end the process.
  const message = await report()
  if (note.beats !== beats) return
  if (breaks > MOST_BREAKS || !(await breakOff(data.key))) return await die(message)
  if (!(await new Pulse(() => note.beats).beatsWithin(RECOVERY_MS))) await die(message)
}

async function report(): Promise<string> {
  const { reportBlocked } = await import('./report-blocked.ts')
  return await reportBlocked(data, note.text)
}

/** The process cannot be ended in another way; what it made ends with it, or is removed by the next run. */
async function die(message: string): Promise<void> {
  writeSync(process.stderr.fd ?? 2, `see: ${message}: it cannot be broken off, and the process is killed\n`)
  process.kill(process.pid, 'SIGKILL')
  await sleep(RECOVERY_MS)
}
