import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { mkdtemp, rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { promisify } from 'node:util'

/**
 * Lets another process, which may be another user's, write into `target` through a named pipe: so the file is ours from
 * its first byte on, wherever it lies.
 * @param write has the other process write into the pipe at the path it is given, and returns when it has
 * @throws what `write` throws, or the target's error
 */
export async function throughNamedPipe(
  target: Writable,
  write: (path: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'see-pipe-'))
  try {
    const path = join(folder, 'pipe')
    await promisify(execFile)('mkfifo', ['-m', '600', path])
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // As long as this is open, the reader does not come to an end, even before the other process has opened the pipe.
    const holder = openSync(path, constants.O_WRONLY | constants.O_NONBLOCK)
    const source = new Socket({ fd: reader, readable: true, writable: false })
    const over = new AbortController()
    const copied = pipeline(source, target, { signal: AbortSignal.any([signal, over.signal]) })
    copied.catch(() => undefined)
    try {
      await Promise.race([write(path), copied])
    } catch (error) {
      over.abort()
      throw error
    } finally {
      closeSync(holder)
      await copied.catch(() => undefined)
    }
    await copied
  } finally {
    await rm(folder, { recursive: true })
  }
}
