import { spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable } from 'node:stream'
import { messageOf, SeeError } from '@see/core'

const ISOLATION =
  '--unshare-all --die-with-parent --new-session --cap-drop ALL --uid 65534 --gid 65534 --clearenv --setenv PATH /usr/bin:/bin --setenv HOME /tmp --setenv LC_ALL C.UTF-8'
const SYSTEM =
  '--ro-bind /usr /usr --ro-bind-try /lib /lib --ro-bind-try /lib64 /lib64 --ro-bind-try /bin /bin --proc /proc --dev /dev --tmpfs /tmp'

interface Confinement {
  /** Files and folders that it may read, beside the programs and libraries of this host. */
  readonly readable?: readonly string[]
  /** The one folder that it may write. */
  readonly writable?: string
  readonly timeoutMs: number
  /** Of its address space. */
  readonly memoryBytes: number
  /** Of standard output and standard error, each. */
  readonly outputBytes: number
  readonly signal: AbortSignal
}

interface ConfinedResult {
  /** Null when it exceeded a bound and was killed; from 128 on, a signal ended it. */
  readonly exitCode: number | null
  readonly exceeded: 'time' | 'output' | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/**
 * Runs a program on evidence without network, rights or files of this host other than those it is given. It dies with
 * this process.
 * @throws SeeError `TOOL_FAILED` when it cannot be started; the signal's reason
 */
export async function runConfined(
  argv: readonly [string, ...string[]],
  { readable = [], writable, timeoutMs, memoryBytes, outputBytes, signal }: Confinement,
): Promise<ConfinedResult> {
  signal.throwIfAborted()
  const limits = [`--as=${memoryBytes}`, '--core=0']
  const child = spawn('prlimit', [...limits, 'bwrap', ...walls(readable, writable), '--', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let exceeded: ConfinedResult['exceeded'] = null
  const exceed = (bound: 'time' | 'output'): void => {
    exceeded ??= bound
    child.kill('SIGKILL')
  }
  const timer = setTimeout(() => exceed('time'), timeoutMs)
  const aborted = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', aborted, { once: true })
  const stdout = collect(child.stdout, outputBytes, () => exceed('output'))
  const stderr = collect(child.stderr, outputBytes, () => exceed('output'))
  try {
    await once(child, 'close')
  } catch (error) {
    throw new SeeError('TOOL_FAILED', `${argv[0]} cannot be started: ${messageOf(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
  }
  signal.throwIfAborted()
  const exitCode = exceeded === null ? child.exitCode : null
  return { exitCode, exceeded, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
}

function collect(stream: Readable, maxBytes: number, tooLong: () => void): Buffer[] {
  const chunks: Buffer[] = []
  let length = 0
  stream.on('data', (chunk: Buffer) => {
    length += chunk.length
    if (length <= maxBytes) chunks.push(chunk)
    else tooLong()
  })
  return chunks
}

function walls(readable: readonly string[], writable: string | undefined): string[] {
  return [
    ...ISOLATION.split(' '),
    ...SYSTEM.split(' '),
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...(writable === undefined ? [] : ['--bind', writable, writable]),
  ]
}
