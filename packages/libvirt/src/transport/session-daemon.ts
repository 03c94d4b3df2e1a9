import { spawn } from 'node:child_process'
import { mkdirSync, rmSync } from 'node:fs'
import type { Socket } from 'node:net'
import { dirname } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { LibvirtConnectionError } from '../common/connection-error.ts'
import { takeLockFile } from './lock-file.ts'

// libvirt's own client does the same: the daemon ends two minutes after its last connection.
const COMMAND = ['libvirtd', '--timeout=120'] as const
/**
 * What it needs to find programs and its own folders, as libvirt's own client passes on (virCommandAddEnvPassCommon and
 * virNetSocketForkDaemon). What else is in our environment, keys of the user's cloud say, is not for the daemon of guests.
 */
const VARIABLES = [
  'PATH',
  'LD_LIBRARY_PATH',
  'HOME',
  'USER',
  'LOGNAME',
  'TMPDIR',
  'XDG_CACHE_HOME',
  'XDG_CONFIG_HOME',
  'XDG_RUNTIME_DIR',
] as const
const RETRY_MS = 10
const PATIENCE_MS = 10_000

/**
 * Starts the user's own libvirtd and connects to it. Processes doing so at the same time agree by a lock file beside
 * the socket; a second daemon would do no harm, it would find the first one's pid file and end.
 *
 * Throws {@link LibvirtConnectionError} with code DAEMON_UNREACHABLE after ten seconds.
 */
export async function spawnSessionDaemon(
  socketPath: string,
  connect: () => Promise<Socket>,
  signal?: AbortSignal,
): Promise<Socket> {
  const lock = `${socketPath}.see-lock`
  mkdirSync(dirname(socketPath), { recursive: true, mode: 0o700 })
  const isOurs = takeLockFile(lock)
  const deadline = Date.now() + PATIENCE_MS
  let failure: unknown
  try {
    const child = isOurs
      ? spawn(COMMAND[0], COMMAND.slice(1), { detached: true, stdio: 'ignore', env: environment() })
      : undefined
    child?.on('error', (error) => (failure = error))
    child?.unref()
    while (Date.now() < deadline && !isMissingProgram(failure)) {
      try {
        return await connect()
      } catch (error) {
        signal?.throwIfAborted()
        failure ??= error
      }
      await delay(RETRY_MS, undefined, signal ? { signal } : {})
    }
  } finally {
    if (isOurs) rmSync(lock, { force: true })
  }
  throw new LibvirtConnectionError(
    'DAEMON_UNREACHABLE',
    `Started '${COMMAND.join(' ')}' for this user, but nothing answers at ${socketPath}; run it by hand to see why.`,
    { cause: failure },
  )
}

function environment(): Record<string, string> {
  return Object.fromEntries(
    VARIABLES.flatMap((name) => {
      const value = process.env[name]
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

function isMissingProgram(error: unknown): boolean {
  return error instanceof Error && 'syscall' in error && String(error.syscall).startsWith('spawn')
}
