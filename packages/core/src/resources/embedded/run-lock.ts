import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { constants } from 'node:fs'
import { type FileHandle, lstat, open, rm } from 'node:fs/promises'
import { join } from 'node:path'

/** By this a lock of ours is told from a user's file of such a name. */
const CONTENT = 'SEE: whoever has this locked has the folder that this is named after.\n'
const { O_CREAT, O_EXCL, O_NOFOLLOW, O_NONBLOCK, O_RDWR } = constants
/** What the child finds the file at. */
const DESCRIPTOR = '3'

/**
 * The lock of a run folder, a file beside it. It is this process itself that holds it, so that the kernel takes it back
 * when the process ends, however it ends; who can get it knows that the folder is nobody's. Unlike a process's number, it
 * is the same in every namespace, and never somebody else's.
 */
export class RunLock {
  readonly path: string
  readonly #file: FileHandle

  private constructor(path: string, file: FileHandle) {
    this.path = path
    this.#file = file
  }

  /** Where the lock of a folder is. */
  static pathOf(parent: string, identifier: string): string {
    return join(parent, `.${identifier}.lock`)
  }

  /** Makes it. Undefined when there is one. */
  static async make(path: string): Promise<RunLock | undefined> {
    const file = await openUnless('EEXIST', path, O_RDWR | O_CREAT | O_EXCL)
    if (file === undefined) return undefined
    try {
      if (!(await lock(file))) throw new Error(`${path} is locked by somebody else`)
      // Only now can it be told from another's, so that nobody takes it away meanwhile.
      await file.writeFile(CONTENT)
      return new RunLock(path, file)
    } catch (error) {
      await rm(path, { force: true })
      await file.close()
      throw error
    }
  }

  /** Takes over the lock of a process that has ended. Undefined when it has not, or is none of ours. */
  static async takeOver(path: string): Promise<RunLock | undefined> {
    const file = await openUnless('ENOENT', path, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    if (file === undefined) return undefined
    let isLeft = false
    try {
      isLeft = (await isOurs(file)) && (await lock(file)) && (await isCurrent(file, path))
      return isLeft ? new RunLock(path, file) : undefined
    } finally {
      if (!isLeft) await file.close()
    }
  }

  /** The file goes, too. */
  async remove(): Promise<void> {
    await rm(this.path, { force: true })
    await this.#file.close()
  }

  /** The file stays: from now on, anybody may take the folder for left. */
  async leave(): Promise<void> {
    await this.#file.close()
  }
}

/** A lock is of an open file, whoever takes it: flock(1) takes it on ours, and ends. Returns whether it got it. */
async function lock(file: FileHandle): Promise<boolean> {
  const argv = ['--exclusive', '--nonblock', DESCRIPTOR]
  const child = spawn('flock', argv, { stdio: ['ignore', 'ignore', 'ignore', file.fd] })
  const [exitCode] = await once(child, 'exit')
  return exitCode === 0
}

async function isOurs(file: FileHandle): Promise<boolean> {
  const stats = await file.stat()
  if (!stats.isFile() || stats.uid !== process.geteuid?.()) return false
  const { buffer, bytesRead } = await file.read(Buffer.alloc(CONTENT.length + 1), { position: 0 })
  return buffer.toString('utf8', 0, bytesRead) === CONTENT
}

/** Whether it is still the file of its name: who had it before may have removed it, and another made a new one. */
async function isCurrent(file: FileHandle, path: string): Promise<boolean> {
  const { dev, ino } = await file.stat()
  const present = await lstat(path).catch(() => undefined)
  return present?.ino === ino && present.dev === dev
}

async function openUnless(code: string, path: string, flags: number): Promise<FileHandle | undefined> {
  try {
    return await open(path, flags, 0o600)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === code) return undefined
    throw error
  }
}
