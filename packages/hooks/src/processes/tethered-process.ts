import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import type { Readable, Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { childEnvironment, messageOf, SeeError } from '@see/core'

/** What is kept of the end of the standard error. */
const STDERR_CHARACTERS = 4096

// Waits for a line on descriptor 3. There is none when the process at the other end dies, even by SIGKILL: then it
// ends the program and its process group. What the kernel offers for this, PR_SET_PDEATHSIG, is lost when a program
// changes its user, as tcpdump does.
const WATCHED = '(exec >/dev/null 2>&1; read -r _ <&3 || kill -KILL -$$) & exec "$@" 3<&-'

/**
 * A program of this host that does not outlive this process. It has a process group of its own, so that Ctrl-C is not
 * for it.
 */
export class TetheredProcess {
  readonly stdout: Readable
  /** Resolves when it has ended, with how it did. */
  readonly ended: Promise<string>
  readonly #program: string
  readonly #child: ChildProcess
  #stderr = ''

  private constructor(program: string, child: ChildProcess, stdout: Readable, tether: Writable) {
    this.#program = program
    this.#child = child
    this.stdout = stdout
    tether.on('error', () => undefined)
    child.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr = `${this.#stderr}${text}`.slice(-STDERR_CHARACTERS)
    })
    this.ended = new Promise((resolve) => {
      child.once('exit', () => tether.end('\n', () => tether.destroy()))
      child.once('close', (code, signal) => {
        resolve(signal === null ? `exit code ${code}` : signal)
      })
    })
  }

  /**
   * @param variables names of variables of ours that it needs beside those that every program gets
   * @throws SeeError `TOOL_FAILED` when it cannot be started
   */
  static async start(
    argv: readonly [string, ...string[]],
    variables: readonly string[] = [],
  ): Promise<TetheredProcess> {
    const child = spawn('/bin/sh', ['-c', WATCHED, 'sh', ...argv], {
      stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
      detached: true,
      env: childEnvironment(variables),
    })
    const { stdout } = child
    const tether = child.stdio[3]
    try {
      await once(child, 'spawn')
    } catch (error) {
      throw new SeeError('TOOL_FAILED', `${argv[0]} cannot be started: ${messageOf(error)}`, { cause: error })
    }
    if (stdout === null || !isWritable(tether)) throw new Error('a pipe to a child process is missing')
    return new TetheredProcess(argv[0], child, stdout, tether)
  }

  get pid(): number {
    return this.#child.pid ?? -1
  }

  /** The end of what it wrote on standard error, as it wrote it. */
  get stderr(): string {
    return this.#stderr
  }

  get isRunning(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** Asks it to end; kills it, and what it started, when it does not within `graceMs`. */
  async stop(graceMs: number): Promise<void> {
    if (this.isRunning) this.#child.kill('SIGTERM')
    const timer = new AbortController()
    const inTime = await Promise.race([
      this.ended.then(() => true),
      sleep(graceMs, false, { signal: timer.signal }).catch(() => false),
    ])
    timer.abort()
    if (inTime) return
    this.#killGroup()
    await this.ended
  }

  /** What to throw when it ended though it should not have. */
  async failure(): Promise<SeeError> {
    const how = await this.ended
    const said = this.#stderr.trim().slice(-1000)
    const words = said === '' ? '' : `: ${JSON.stringify(said)}`
    return new SeeError('TOOL_FAILED', `${this.#program} ended with ${how}${words}`)
  }

  #killGroup(): void {
    const { pid } = this.#child
    if (pid === undefined) return
    try {
      process.kill(-pid, 'SIGKILL')
    } catch {
      // It has just ended.
    }
  }
}

function isWritable(stream: Readable | Writable | null | undefined): stream is Writable {
  return stream !== null && stream !== undefined && 'writable' in stream
}
