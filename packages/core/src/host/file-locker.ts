import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { childEnvironment } from '@see/qemu/child-environment'
import { SeeError } from '../common/errors.ts'
import type { FileLock } from './file-lock.ts'

/** The descriptor that the shell opens each file at. */
const LOCKED_DESCRIPTOR = 9

const SAID_CHARACTERS = 1000

/**
 * Locks each file whose path it reads, until it reads another line. The kernel takes the lock back when this ends, which
 * it does when its input does.
 */
const SCRIPT = `while read -r path; do
  { flock ${LOCKED_DESCRIPTOR} && echo && read -r _; } ${LOCKED_DESCRIPTOR}>>"$path" || exit
done`

/** Locks one file after the other as `lockFile` does, with one shell for all of them. */
export class FileLocker implements AsyncDisposable {
  #shell: Shell | undefined

  /**
   * Waits until no other process on this host has the file locked, which is made when it is missing. The lock has to be
   * released before the next one is asked for.
   * @param path has to be without the end of a line
   * @throws SeeError `IMAGE_UNAVAILABLE`, or the signal's reason
   */
  async lock(path: string, signal: AbortSignal): Promise<FileLock> {
    signal.throwIfAborted()
    const shell = (this.#shell ??= start())
    const { child } = shell
    const kill = (): void => this.#kill(shell)
    signal.addEventListener('abort', kill)
    try {
      await held(shell, path)
      signal.throwIfAborted()
      return {
        isCurrent: await isSameFile(child.pid ?? 0, path),
        [Symbol.asyncDispose]: async () => void child.stdin?.write('\n'),
      }
    } catch (error) {
      this.#kill(shell)
      signal.throwIfAborted()
      throw error
    } finally {
      signal.removeEventListener('abort', kill)
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const shell = this.#shell
    this.#shell = undefined
    if (shell === undefined || !runs(shell)) return
    const exit = once(shell.child, 'exit')
    shell.child.stdin?.end()
    await exit
  }

  /** With the program that it waits for. */
  #kill(shell: Shell): void {
    if (this.#shell === shell) this.#shell = undefined
    const { pid } = shell.child
    if (pid !== undefined && runs(shell)) process.kill(-pid, 'SIGKILL')
  }
}

interface Shell {
  readonly child: ChildProcess
  /** Rejects when it has ended, with what it said. */
  readonly ended: Promise<never>
}

function start(): Shell {
  const child = spawn('/bin/sh', ['-c', SCRIPT], { stdio: 'pipe', env: childEnvironment(), detached: true })
  let said = ''
  child.stdin.on('error', () => undefined)
  child.stdout.resume()
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said = `${said}${text}`.slice(-SAID_CHARACTERS)
  })
  const ended = new Promise<never>((_resolve, reject) => {
    const end = (why: string): void => {
      reject(new SeeError('IMAGE_UNAVAILABLE', `cannot lock the file: ${why}`))
    }
    child.once('error', (error) => end(error.message))
    child.once('close', () => end(said.trim()))
  })
  ended.catch(() => undefined)
  return { child, ended }
}

function runs({ child }: Shell): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null
}

/** Resolves when the shell has the lock, and says so. */
async function held({ child: { stdin, stdout }, ended }: Shell, path: string): Promise<void> {
  if (stdin === null || stdout === null) throw new Error('the shell has no pipes')
  const over = new AbortController()
  try {
    const said = once(stdout, 'data', { signal: over.signal })
    stdin.write(`${path}\n`)
    await Promise.race([said, ended])
  } finally {
    over.abort()
  }
}

async function isSameFile(pid: number, path: string): Promise<boolean> {
  const locked = await stat(`/proc/${pid}/fd/${LOCKED_DESCRIPTOR}`)
  const present = await stat(path).catch(() => undefined)
  return present?.ino === locked.ino && present.dev === locked.dev
}
