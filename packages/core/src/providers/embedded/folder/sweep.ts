import { lstat, readdir, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { timeoutSignal } from '../../../common/timeout-signal.ts'
import { lockFile } from '../../../host/file-lock.ts'
import { runBounded } from '../../../host/bounded-process.ts'
import { removeControlGroups } from '../limits/control-group.ts'
import { isRefused, ownedBy, ownerSocketPath } from '../../../ledger/owner-socket.ts'

const PAUSE_MS = 60_000
/** The next sweep goes on with the rest. */
const MOST = 100
const TIMEOUT_MS = 20_000
const LOCK = '.sweep.lock'

/** What this process has swept, and when. */
const sweeps = new Map<string, { readonly at: number; readonly done: Promise<void> }>()

/**
 * Removes the run folders of processes that ended without doing so, once a minute at most. It fails silently: the
 * next environment tries again.
 */
export function sweep(parent: string): Promise<void> {
  const last = sweeps.get(parent)
  if (last !== undefined && performance.now() - last.at < PAUSE_MS) return last.done
  const done = sweepNow(parent).catch(() => undefined)
  sweeps.set(parent, { at: performance.now(), done })
  return done
}

async function sweepNow(parent: string): Promise<void> {
  const names = await readdir(parent)
  const identifiers = (await Promise.all(names.map(ownedBy))).filter((each) => each !== undefined)
  const refused: string[] = []
  for (const each of identifiers.slice(0, MOST)) {
    if (await isRefused(await ownerSocketPath(parent, each))) refused.push(each)
  }
  if (refused.length > 0) await removeLeft(parent, refused)
}

/**
 * Removes those run folders whose processes have ended. One process at a time does so on this host: a name that
 * another has removed may be in use again.
 */
export async function removeLeft(parent: string, identifiers: readonly string[]): Promise<void> {
  const path = join(parent, LOCK)
  await using lock = await lockFile(path, timeoutSignal(TIMEOUT_MS))
  if (!lock.isCurrent) return
  try {
    const left: string[] = []
    for (const each of identifiers) if (await isLeft(parent, each)) left.push(each)
    if (left.length === 0) return
    await removeFolders(left.map((each) => join(parent, each)))
    await removeControlGroups(left).catch(() => undefined)
    for (const each of left) await rm(await ownerSocketPath(parent, each), { force: true })
  } finally {
    await rm(path, { force: true })
  }
}

/** A process listens before it makes its folder: with the folder, a socket that refuses is that of one that has ended. */
async function isLeft(parent: string, identifier: string): Promise<boolean> {
  const path = await ownerSocketPath(parent, identifier)
  const socket = await lstat(path).catch(() => undefined)
  if (socket?.isSocket() !== true || socket.uid !== process.geteuid?.()) return false
  const folder = await lstat(join(parent, identifier)).catch(() => undefined)
  const isBegun = folder?.isDirectory() === true || Date.now() - socket.mtimeMs > PAUSE_MS
  return isBegun && (await isRefused(path))
}

/** By rm(1), which follows no link that a QEMU puts there while it still dies. */
async function removeFolders(paths: readonly string[]): Promise<void> {
  const options = { stdin: '', timeoutMs: TIMEOUT_MS, maxOutputBytes: 4096, env: {}, signal: undefined }
  const argv = ['/bin/rm', '-rf', '--one-file-system', '--', ...paths] as const
  const { exitCode } = await runBounded(argv, options, notRemoved)
  if (exitCode !== 0) throw notRemoved()
}

function notRemoved(): Error {
  return new Error('what was left could not be removed')
}
