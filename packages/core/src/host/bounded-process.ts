import { type ChildProcess, spawn } from 'node:child_process'
import { Socket } from 'node:net'
import { constants } from 'node:os'
import type { Readable } from 'node:stream'
import { setImmediate } from 'node:timers/promises'
import type { ExecOptions, ExecResult, LateOutput, OutputStream } from '../contract/agent.ts'
import { withTimeout } from '../common/with-timeout.ts'

export interface BoundedOptions extends Pick<ExecOptions, 'onOutput' | 'onRunning' | 'keepOutput'> {
  readonly timeoutMs: number
  readonly maxOutputBytes: number
  readonly stdin: string | Uint8Array
  readonly env: Record<string, string>
  readonly signal: AbortSignal | undefined
}

/**
 * What a program leaves running in the background may keep its output open; what it wrote itself is there
 * immediately.
 */
const DRAIN_MS = 100
const RUNNING_MS = 100

/**
 * Runs a program of this host in a process group of its own, and kills the whole group when it takes too long.
 * @throws what `timedOut` makes, the signal's reason, or the system's error when it cannot be started
 */
export async function runBounded(
  [program, ...args]: readonly [string, ...string[]],
  { stdin, timeoutMs, maxOutputBytes, env, signal, onOutput, onRunning, keepOutput = false }: BoundedOptions,
  timedOut: () => Error,
): Promise<ExecResult> {
  signal?.throwIfAborted()
  const child = spawn(program, args, { env, detached: true, stdio: 'pipe' })
  const closed = new Promise((resolve) => void child.once('close', resolve))
  const take = (stream: OutputStream) => (part: Buffer) => onOutput?.(stream, part)
  const stdout = new BoundedOutput(child.stdout, maxOutputBytes, take('stdout'))
  const stderr = new BoundedOutput(child.stderr, maxOutputBytes, take('stderr'))
  const running = onRunning === undefined ? undefined : setInterval(onRunning, RUNNING_MS)
  // A program need not read what it is given.
  child.stdin.on('error', () => undefined).end(stdin)
  try {
    const end = await withTimeout(timeoutMs, exitOf(child), timedOut, signal)
    const isOpen = await withTimeout(DRAIN_MS, closed, () => new Error('still open')).then(
      () => false,
      () => true,
    )
    const output = { stdout: stdout.take(), stderr: stderr.take() }
    const known = { truncated: stdout.truncated || stderr.truncated, lost: null }
    if (isOpen && keepOutput) return { ...end, ...output, ...known, late: lateOutputOf(stdout, stderr) }
    stdout.stop()
    stderr.stop()
    return { ...end, ...output, ...known }
  } catch (error) {
    killGroup(child)
    throw error
  } finally {
    clearInterval(running)
    child.stdin.destroy()
  }
}

/** Keeps what a stream begins with and lets the rest pass, so that the writer is never held up. */
class BoundedOutput {
  /** Undefined once they were taken. */
  #parts: Buffer[] | undefined = []
  readonly #stream: Readable
  #room: number
  truncated = false

  constructor(stream: Readable, maxBytes: number, take: (part: Buffer) => void) {
    this.#stream = stream
    this.#room = maxBytes
    stream.on('data', (part: Buffer) => {
      if (part.length > this.#room) this.truncated = true
      const kept = part.subarray(0, this.#room)
      this.#room -= kept.length
      if (kept.length === 0) return
      this.#parts?.push(kept)
      take(kept)
    })
  }

  /** What came up to now. Whatever still writes may go on, and does not keep this process alive. */
  take(): Buffer {
    if (this.#stream instanceof Socket) this.#stream.unref()
    const parts = this.#parts ?? []
    this.#parts = undefined
    return Buffer.concat(parts)
  }

  /** From now on everything passes. */
  stop(): void {
    this.#room = 0
  }

  get isClosed(): boolean {
    return this.#stream.closed
  }
}

function lateOutputOf(stdout: BoundedOutput, stderr: BoundedOutput): LateOutput {
  return {
    isOpen: async () => !stdout.isClosed || !stderr.isClosed,
    // Output arrives without a request; what has arrived already is read before this resolves.
    collect: () => setImmediate(true),
    close: async () => {
      const truncated = stdout.truncated || stderr.truncated
      stdout.stop()
      stderr.stop()
      return { truncated, lost: null }
    },
  }
}

function exitOf(child: ChildProcess): Promise<Pick<ExecResult, 'exitCode' | 'signal'>> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (exitCode, signal) => {
      resolve({ exitCode, signal: signal === null ? null : constants.signals[signal] })
    })
  })
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // It is gone already.
  }
}
