import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { stat } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { childEnvironment } from '@see/qemu/child-environment'
import { SeeError } from '../common/errors.ts'

/** A lock that flock(1) holds for us: the kernel takes it back when that process ends, which it does when we do. */
export interface FileLock extends AsyncDisposable {
  /** False when the file was removed or replaced while we waited for the lock: then it guards nothing. */
  readonly isCurrent: boolean
}

// The first descriptor that flock(1) opens.
const LOCKED_DESCRIPTOR = 3

/**
 * Waits until no other process on this host has the file locked. The file is made when it is missing.
 * @throws SeeError `IMAGE_UNAVAILABLE`, or the signal's reason
 */
export async function lockFile(path: string, signal: AbortSignal): Promise<FileLock> {
  signal.throwIfAborted()
  // Waiting, it is flock itself; with the lock it becomes cat, whose input ends when we die, however we die.
  const child = spawn('flock', ['--exclusive', '--no-fork', path, 'cat'], {
    stdio: 'pipe',
    env: childEnvironment(),
  })
  const kill = (): void => void child.kill('SIGKILL')
  signal.addEventListener('abort', kill)
  const release = async (): Promise<void> => {
    signal.removeEventListener('abort', kill)
    await end(child)
  }
  try {
    await held(child, path)
    signal.throwIfAborted()
    return { isCurrent: await isSameFile(child.pid ?? 0, path), [Symbol.asyncDispose]: release }
  } catch (error) {
    kill()
    await release()
    signal.throwIfAborted()
    throw error
  }
}

/** Resolves when cat runs, which gives back what it is sent. */
async function held(child: ChildProcess, path: string): Promise<void> {
  const { stdin, stdout, stderr } = child
  if (stdin === null || stdout === null || stderr === null) throw new Error('flock has no pipes')
  const words = text(stderr)
  stdin.on('error', () => undefined)
  stdin.write('\n')
  const failed = new Promise<never>((_resolve, reject) => {
    child.once('error', (error) => {
      const message = `cannot run flock to lock ${path}: ${error.message}; install the package util-linux`
      reject(new SeeError('IMAGE_UNAVAILABLE', message, { cause: error }))
    })
    child.once('close', () => {
      words.then(
        (said) => reject(new SeeError('IMAGE_UNAVAILABLE', `cannot lock ${path}: ${said.trim()}`)),
        reject,
      )
    })
  })
  await Promise.race([once(stdout, 'data'), failed])
}

async function isSameFile(pid: number, path: string): Promise<boolean> {
  const locked = await stat(`/proc/${pid}/fd/${LOCKED_DESCRIPTOR}`)
  const present = await stat(path).catch(() => undefined)
  return present?.ino === locked.ino && present.dev === locked.dev
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.stdin?.end()
  await exit
}
