import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { messageOf, SeeError } from '@see/core'

export interface Confinement {
  /** Files and folders that it may read, beside the programs and libraries of this host. */
  readonly readable?: readonly string[]
  /** Folders that it may write. */
  readonly writable?: readonly string[]
  readonly timeoutMs: number
  /** Of its address space. */
  readonly memoryBytes: number
  /** Of standard output and standard error, each. */
  readonly outputBytes: number
  readonly signal: AbortSignal
}

export interface ConfinedResult {
  readonly exitCode: number | null
  readonly signal: string | null
  readonly stdout: Buffer
  readonly stderr: Buffer
}

/**
 * Runs a program on evidence without network, rights or files of this host other than those it is given. It dies with
 * this process.
 * @throws SeeError `TOOL_FAILED` when it cannot be started, takes too long or writes too much; the signal's reason
 */
export async function runConfined(
  argv: readonly [string, ...string[]],
  { readable = [], writable = [], timeoutMs, memoryBytes, outputBytes, signal }: Confinement,
): Promise<ConfinedResult> {
  signal.throwIfAborted()
  const limits = [`--as=${memoryBytes}`, '--core=0']
  const child = spawn('prlimit', [...limits, 'bwrap', ...walls(readable, writable), '--', ...argv], {
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let problem: Error | undefined
  const give = (reason: Error): void => {
    problem ??= reason
    child.kill('SIGKILL')
  }
  const failed = (what: string) => new SeeError('TOOL_FAILED', `${argv[0]} ${what}`)
  const timer = setTimeout(() => give(failed(`took longer than ${timeoutMs} ms`)), timeoutMs)
  const aborted = (): void => give(failed('was aborted'))
  signal.addEventListener('abort', aborted, { once: true })
  const collect = (stream: NodeJS.ReadableStream): Buffer[] => {
    const chunks: Buffer[] = []
    let length = 0
    stream.on('data', (chunk: Buffer) => {
      length += chunk.length
      if (length <= outputBytes) chunks.push(chunk)
      else give(failed(`wrote more than ${outputBytes} bytes`))
    })
    return chunks
  }
  const stdout = collect(child.stdout)
  const stderr = collect(child.stderr)
  try {
    await once(child, 'close')
  } catch (error) {
    throw new SeeError('TOOL_FAILED', `${argv[0]} cannot be started: ${messageOf(error)}`, { cause: error })
  } finally {
    clearTimeout(timer)
    signal.removeEventListener('abort', aborted)
  }
  signal.throwIfAborted()
  if (problem !== undefined) throw problem
  const { exitCode, signalCode } = child
  return { exitCode, signal: signalCode, stdout: Buffer.concat(stdout), stderr: Buffer.concat(stderr) }
}

function walls(readable: readonly string[], writable: readonly string[]): string[] {
  return [
    ...['--unshare-all', '--die-with-parent', '--new-session', '--cap-drop', 'ALL'],
    ...['--uid', '65534', '--gid', '65534', '--clearenv', '--setenv', 'PATH', '/usr/bin:/bin'],
    ...['--setenv', 'HOME', '/tmp', '--setenv', 'LC_ALL', 'C.UTF-8'],
    ...['--ro-bind', '/usr', '/usr', '--ro-bind-try', '/lib', '/lib', '--ro-bind-try', '/lib64', '/lib64'],
    ...['--ro-bind-try', '/bin', '/bin', '--proc', '/proc', '--dev', '/dev', '--tmpfs', '/tmp'],
    ...readable.flatMap((path) => ['--ro-bind', path, path]),
    ...writable.flatMap((path) => ['--bind', path, path]),
  ]
}
