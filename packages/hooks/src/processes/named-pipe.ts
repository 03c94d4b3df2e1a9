import { execFile } from 'node:child_process'
import { closeSync, constants, openSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { Socket } from 'node:net'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import type { Writable } from 'node:stream'
import { setTimeout as sleep } from 'node:timers/promises'
import { promisify } from 'node:util'
import { childEnvironment, temporaryFolder } from '@see/core'

/** How long the other process may take to see that there is no reader any more. */
const ENDING_MS = 5000

/**
 * Lets another process, which may be another user's, write into `target` through a named pipe: so the file is ours from
 * its first byte on, wherever it lies. When this returns or throws, the other process has ended its work, but for one that
 * does not within some seconds of an abort or a failure.
 * @param write has the other process write into the pipe at the path it is given, and returns when it has
 * @throws what `write` throws, or the target's error
 */
export async function throughNamedPipe(
  target: Writable,
  write: (path: string) => Promise<void>,
  signal: AbortSignal,
): Promise<void> {
  const folder = await temporaryFolder('see-pipe-')
  try {
    const path = join(folder.path, 'pipe')
    await promisify(execFile)('mkfifo', ['-m', '600', path], { env: childEnvironment() })
    const reader = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK)
    // As long as this is open, the reader does not come to an end, even before the other process has opened the pipe; and
    // the other process does not wait for a reader when it opens it.
    const holder = openSync(path, constants.O_RDWR | constants.O_NONBLOCK)
    const source = new Socket({ fd: reader, readable: true, writable: false })
    const over = new AbortController()
    const copied = pipeline(source, target, { signal: AbortSignal.any([signal, over.signal]) })
    copied.catch(() => undefined)
    const written = write(path)
    try {
      await Promise.race([written, copied])
    } catch (error) {
      over.abort()
      // Before the holder is closed: a process that opens it afterwards would wait for a reader forever.
      await rm(path)
      throw error
    } finally {
      closeSync(holder)
      await copied.catch(() => undefined)
      await endOf(written)
    }
    await copied
  } finally {
    await folder[Symbol.asyncDispose]()
  }
}

async function endOf(written: Promise<void>): Promise<void> {
  const over = new AbortController()
  const patience = sleep(ENDING_MS, undefined, { signal: over.signal })
  await Promise.race([written, patience]).catch(() => undefined)
  over.abort()
  patience.catch(() => undefined)
}
