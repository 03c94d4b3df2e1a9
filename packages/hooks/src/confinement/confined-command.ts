import { chown, realpath } from 'node:fs/promises'
import type { Readable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { messageOf, SeeError } from '@see/core'
import { Bubblewrap } from './bubblewrap.ts'
import { sanitizeOutput, type Owner } from './sanitize-output.ts'
import { bytesIn, memoryOf } from './confined-usage.ts'
import { confinementArguments, UNPRIVILEGED_ID } from './confinement.ts'
import { requireHookTool } from '../processes/required-tool.ts'

const WATCH_INTERVAL_MS = 200

export interface ConfinedOptions {
  /** Files and folders that the command may read, beside the system's programs and libraries. */
  readonly readable?: readonly string[]
  /** The one folder that it may write, and in which it starts. What it leaves there is the caller's afterwards. */
  readonly writable?: string
  /** The process in whose mount namespace they are; this process's own when not given. */
  readonly mountsOf?: number
  readonly timeoutMs: number
  /** Address space of each process, files that it maps included, and memory of all processes together, in bytes. */
  readonly memoryBytes: number
  /** Size of each output stream, of each file and of the writable folder as a whole, in bytes. */
  readonly outputBytes: number
  /** Gets the standard output as it comes, of which then nothing is kept; what it throws ends the command. */
  readonly onStdout?: (part: Buffer) => void
  /** Limit of the standard output, in bytes, if it is not `outputBytes`. */
  readonly stdoutBytes?: number
  /** What the command reads on its standard input; nothing when not given. */
  readonly stdin?: Readable
  readonly signal: AbortSignal
}

/** A bound at which a command was killed. */
export type ExceededBound = 'time' | 'memory' | 'output'

export interface ConfinedResult {
  /** Null when the command exceeded a bound and was killed; from 128 on, a signal ended it. */
  readonly exitCode: number | null
  readonly exceeded: ExceededBound | null
  /** At most `outputBytes` of each. */
  readonly stdout: Buffer
  readonly stderr: Buffer
  readonly durationMs: number
}

/**
 * Runs a command on hostile input: without network, on a read-only system of which it sees programs, libraries and what
 * it is given, as an unprivileged user, bounded in time, memory and output. When this returns or throws, nothing of it
 * runs any more. The folder that it may write is looked through a few times a second, so it may be exceeded for a moment.
 * @param argv the program, found in the usual folders or by its path, and its arguments; no shell is involved
 * @throws SeeError `TOOL_MISSING` without bubblewrap, `FILE_UNREADABLE`, or `CONFINEMENT_FAILED`; or the signal's reason
 */
export async function runConfined(
  argv: readonly [string, ...string[]],
  options: ConfinedOptions,
): Promise<ConfinedResult> {
  options.signal.throwIfAborted()
  const program = await requireHookTool('bwrap')
  const readable = await Promise.all((options.readable ?? []).map(existing))
  const writable = options.writable === undefined ? undefined : await existing(options.writable)
  const root = rootsOwnId()
  if (writable !== undefined && root !== undefined) await chown(writable, UNPRIVILEGED_ID, UNPRIVILEGED_ID)
  try {
    const confinement = { ...options, readable, writable }
    const parameters = confinementArguments(argv, confinement, root !== undefined)
    const [first, ...rest] = [...(await entering(options.mountsOf)), program, ...parameters]
    return await run(first ?? program, rest, options, writable)
  } finally {
    if (writable !== undefined) await sanitizeOutput(writable, root)
  }
}

/**
 * Sees that commands can be confined on this host, before anything depends on it.
 * @throws SeeError `TOOL_MISSING` or `CONFINEMENT_FAILED`
 */
export async function assertConfinement(signal: AbortSignal): Promise<void> {
  await runConfined(['true'], { timeoutMs: 10_000, memoryBytes: 2 ** 28, outputBytes: 2 ** 16, signal })
}

async function run(
  program: string,
  parameters: readonly string[],
  { timeoutMs, memoryBytes, outputBytes, stdoutBytes, onStdout, stdin, signal }: ConfinedOptions,
  writable: string | undefined,
): Promise<ConfinedResult> {
  const start = performance.now()
  let refusal: { readonly reason: unknown } | undefined
  const take = (part: Buffer): void => {
    if (refusal !== undefined) return
    try {
      onStdout?.(part)
    } catch (reason) {
      refusal = { reason }
      bubblewrap.kill()
    }
  }
  let exceeded: ExceededBound | null = null
  const exceed = (bound: ExceededBound): void => {
    exceeded ??= bound
    bubblewrap.kill()
  }
  const bubblewrap = new Bubblewrap(program, parameters, {
    mapsIds: rootsOwnId() !== undefined,
    outputBytes,
    outputExceeded: () => exceed('output'),
    onStdout: onStdout === undefined ? undefined : take,
    stdoutBytes,
    stdin,
  })
  const over = new AbortController()
  const timer = setTimeout(() => exceed('time'), timeoutMs)
  signal.addEventListener('abort', () => bubblewrap.kill(), { signal: over.signal })
  if (signal.aborted) bubblewrap.kill()
  const watched = watch(bubblewrap, { memoryBytes, outputBytes, writable, exceed, over: over.signal })
  try {
    await bubblewrap.ended()
  } catch (error) {
    throw confinementFailed(messageOf(error), error)
  } finally {
    clearTimeout(timer)
    over.abort()
    await watched
  }
  signal.throwIfAborted()
  if (refusal !== undefined) throw refusal.reason
  if (exceeded === null && (await isFull(writable, outputBytes))) exceeded = 'output'
  const { exitCode, stdout, stderr } = bubblewrap
  if (exceeded === null && exitCode === undefined) throw confinementFailed(stderr.bytes().toString())
  return {
    exitCode: exceeded === null ? (exitCode ?? null) : null,
    exceeded,
    stdout: stdout.bytes(),
    stderr: stderr.bytes(),
    durationMs: Math.round(performance.now() - start),
  }
}

interface Watch {
  readonly memoryBytes: number
  readonly outputBytes: number
  readonly writable: string | undefined
  readonly exceed: (bound: ExceededBound) => void
  readonly over: AbortSignal
}

/** Sees to what no limit of the kernel's says of all processes, and all files, together. */
async function watch(
  bubblewrap: Bubblewrap,
  { memoryBytes, outputBytes, writable, exceed, over }: Watch,
): Promise<void> {
  for (;;) {
    await sleep(WATCH_INTERVAL_MS, undefined, { signal: over }).catch(() => undefined)
    if (over.aborted) return
    if (bubblewrap.pid !== undefined && (await memoryOf(bubblewrap.pid)) > memoryBytes) exceed('memory')
    if (await isFull(writable, outputBytes)) exceed('output')
  }
}

async function isFull(folder: string | undefined, maxBytes: number): Promise<boolean> {
  return folder !== undefined && (await bytesIn(folder)) > maxBytes
}

/** What starts a program in the mount namespace of a process, which, unless we are root, has a user namespace as well. */
async function entering(pid: number | undefined): Promise<string[]> {
  if (pid === undefined) return []
  const nsenter = await requireHookTool('nsenter')
  const asUser = rootsOwnId() === undefined ? ['--user', '--preserve-credentials'] : []
  return [nsenter, '--target', String(pid), ...asUser, '--mount', '--']
}

/** Without its links: what bubblewrap mounts, it mounts at the real place. */
async function existing(path: string): Promise<string> {
  try {
    return await realpath(path)
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

function rootsOwnId(): Owner | undefined {
  return process.getuid?.() === 0 ? { uid: 0, gid: process.getgid?.() ?? 0 } : undefined
}

function confinementFailed(said: string, cause?: unknown): SeeError {
  return new SeeError(
    'CONFINEMENT_FAILED',
    `bubblewrap cannot confine a command on this host: ${said.trim().slice(0, 500)}; may this user make user namespaces?`,
    { cause },
  )
}
