import { readdir, readFile } from 'node:fs/promises'
import { poll } from '../common/poll.ts'

/** A killed process is gone once the kernel has given its memory back. */
const GONE_WITHIN_MS = 10_000
const POLL_MS = 5
/** The third field of all, the state of the process, is the first after its name; the 22nd is when it started. */
const STATE_FIELD = 0
const START_FIELD = 19

/** A process of this host, which its number alone does not tell from a later one. */
export interface FoundProcess {
  readonly pid: number
  /** When it started, in clock ticks after the boot. */
  readonly start: number
}

/** When a process started, in clock ticks after the boot; undefined when it has ended. */
export async function startOf(pid: number): Promise<number | undefined> {
  const stat = await readFile(`/proc/${pid}/stat`, 'latin1').catch(() => undefined)
  // The second field is its name in brackets, which may have spaces and brackets in it.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? []
  return fields.length === 0 || fields[STATE_FIELD] === 'Z' ? undefined : Number(fields[START_FIELD])
}

interface CommandLine {
  readonly pid: number
  readonly argv: readonly string[]
}

/** The processes of this host that this process sees and whose command line is such. */
export async function findProcesses(
  isMeant: (argv: readonly string[]) => boolean,
): Promise<readonly FoundProcess[]> {
  const meant = (await commandLines()).filter(({ argv }) => isMeant(argv))
  const found = await Promise.all(
    meant.map(async ({ pid }) => {
      const start = await startOf(pid)
      return start === undefined ? [] : [{ pid, start }]
    }),
  )
  return found.flat()
}

let reading: Promise<unknown> = Promise.resolve()
let next: Promise<readonly CommandLine[]> | undefined

/** All that ask while others are being read share the next reading, which begins after they asked. */
function commandLines(): Promise<readonly CommandLine[]> {
  next ??= reading.then(() => {
    next = undefined
    const begun = readCommandLines()
    reading = begun.catch(() => undefined)
    return begun
  })
  return next
}

/** Those of processes that have one: zombies and threads of the kernel have none. */
async function readCommandLines(): Promise<readonly CommandLine[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name)).map(Number)
  const read = await Promise.all(
    pids.map(async (pid) => {
      const text = await readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')
      return text === '' ? [] : [{ pid, argv: text.split('\0').slice(0, -1) }]
    }),
  )
  return read.flat()
}

/** Lets a process that was stopped go on, if it is still that one and this user may. */
export async function continueProcess({ pid, start }: FoundProcess): Promise<void> {
  if ((await startOf(pid)) !== start) return
  try {
    process.kill(pid, 'SIGCONT')
  } catch {
    // It is another user's, or has ended.
  }
}

/**
 * Kills a process, if it is still that one, and resolves when it has ended.
 * @throws Error when it may not be killed, or does not end
 */
export async function killProcess({ pid, start }: FoundProcess, signal?: AbortSignal): Promise<void> {
  if ((await startOf(pid)) !== start) return
  try {
    process.kill(pid, 'SIGKILL')
  } catch (error) {
    if ((await startOf(pid)) !== start) return
    throw error
  }
  const hasEnded = async () => ((await startOf(pid)) === start ? undefined : true)
  const timedOut = () => new Error(`process ${pid} was killed and is still there`)
  const bounds = { timeoutMs: GONE_WITHIN_MS, intervalMs: POLL_MS }
  await poll(hasEnded, timedOut, signal === undefined ? bounds : { ...bounds, signal })
}
