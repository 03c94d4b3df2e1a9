import { lstat, readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { runBounded } from '../bounded-process.ts'
import { RunLock } from './run-lock.ts'

const LOCK = /^\.([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})\.lock$/
const PAUSE_MS = 60_000
/** The next sweep goes on with the rest. */
const MOST = 50
const REMOVE_MS = 20_000

/** What this process has swept, and when. */
const sweeps = new Map<string, { readonly at: number; readonly done: Promise<void> }>()

/**
 * Removes the run folders of processes that ended without doing so, once a minute at most. It fails silently: whoever
 * comes next tries again.
 */
export async function sweep(parent: string): Promise<void> {
  const last = sweeps.get(parent)
  if (last !== undefined && performance.now() - last.at < PAUSE_MS) return await last.done
  const done = sweepNow(parent).catch(() => undefined)
  sweeps.set(parent, { at: performance.now(), done })
  await done
}

async function sweepNow(parent: string): Promise<void> {
  const locks = (await readdir(parent)).filter((name) => LOCK.test(name))
  // The kernel's list spares us a process for each that is alive. It does not know those of other PID namespaces.
  const known = await readFile('/proc/locks', 'utf8')
  let tried = 0
  for (const name of locks) {
    const file = await lstat(join(parent, name)).catch(() => undefined)
    if (file === undefined || known.includes(`:${file.ino} `)) continue
    if (++tried > MOST) return
    await removeLeft(parent, LOCK.exec(name)?.[1] ?? '')
  }
}

/** Removes a run folder if its process has ended. Returns whether it did. */
export async function removeLeft(parent: string, identifier: string): Promise<boolean> {
  const lock = await RunLock.takeOver(RunLock.pathOf(parent, identifier))
  if (lock === undefined) return false
  try {
    await removeFolder(join(parent, identifier))
  } catch {
    await lock.leave()
    return false
  }
  await lock.remove()
  return true
}

/** By rm(1), which follows no link that a QEMU puts there while it still dies. */
async function removeFolder(path: string): Promise<void> {
  const options = { stdin: '', timeoutMs: REMOVE_MS, maxOutputBytes: 4096, env: {}, signal: undefined }
  const argv = ['/bin/rm', '-rf', '--one-file-system', '--', path] as const
  const { exitCode } = await runBounded(argv, options, () => new Error(`${path} was not removed in time`))
  if (exitCode !== 0) throw new Error(`${path} was not removed`)
}
