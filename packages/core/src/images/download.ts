import type { FileHandle } from 'node:fs/promises'
import { setTimeout as sleep } from 'node:timers/promises'
import { z } from 'zod'
import { messageOf, SeeError } from '../common/errors.ts'
import { assertRoom, diskFull } from '../host/free-space.ts'
import { RemoteError } from './remote-error.ts'
import type { RemoteFile, RemotePart } from './remote-file.ts'

/** Attempts in a row that bring nothing before the download is given up. */
const MAX_FRUITLESS_ATTEMPTS = 5
const FIRST_PAUSE_MS = 100
/** What an attempt must bring to count: a server that hands out byte after byte must not keep us forever. */
const FRUIT_BYTES = 1024 * 1024
/** The limit for a file of unknown size. */
const MAX_BYTES = 1024 ** 4

export interface DownloadOptions {
  readonly signal: AbortSignal
  /** In this time, in milliseconds, as many bytes must arrive, or the server counts as silent. */
  readonly timeoutMs: number
  /** Hears of each piece that is written. */
  readonly progress: (bytes: number, totalBytes: number | undefined) => void
}

/**
 * Downloads into an open file, going on after what is in it already and after each cut.
 * @throws SeeError `DISK_FULL`; RemoteError; or the signal's reason
 */
export async function download(
  remote: RemoteFile,
  { file, path }: { readonly file: FileHandle; readonly path: string },
  options: DownloadOptions,
): Promise<void> {
  let fruitless = 0
  let offset = (await file.stat()).size
  for (;;) {
    try {
      await downloadPart(remote, { file, path, offset }, options)
      return
    } catch (error) {
      options.signal.throwIfAborted()
      const isFull = z.object({ code: z.enum(['ENOSPC', 'EDQUOT']) }).safeParse(error).success
      if (isFull) throw diskFull(path, error)
      if (error instanceof SeeError) throw error
      if (!isWorthAnother(error, offset)) throw error
      if (isOfAnother(error)) await file.truncate(0)
      const { size } = await file.stat()
      fruitless = size - offset >= FRUIT_BYTES ? 0 : fruitless + 1
      offset = size
      if (fruitless >= MAX_FRUITLESS_ATTEMPTS) {
        const message = `${remote.what}: given up after ${fruitless} fruitless attempts: ${messageOf(error)}`
        throw new RemoteError(message, { cause: error })
      }
      await sleep(FIRST_PAUSE_MS * 2 ** fruitless, undefined, { signal: options.signal })
    }
  }
}

async function downloadPart(
  remote: RemoteFile,
  { file, path, offset }: { readonly file: FileHandle; readonly path: string; readonly offset: number },
  { signal, timeoutMs, progress }: DownloadOptions,
): Promise<void> {
  if (remote.bytes !== undefined && offset === remote.bytes && offset > 0) return
  const part = await remote.open(offset, signal)
  const abort = (): void => void part.body.destroy()
  signal.addEventListener('abort', abort)
  let position = part.offset
  let lastSeen = position
  const watch = setInterval(() => {
    if (position - lastSeen < timeoutMs) {
      part.body.destroy(new RemoteError(`it sent less than ${timeoutMs} bytes in ${timeoutMs} ms`, transient))
    }
    lastSeen = position
  }, timeoutMs)
  try {
    const totalBytes = expectedBytes(remote, part)
    if (part.offset === 0) await file.truncate(0)
    await assertRoom(path, (totalBytes ?? 0) - position, remote.what)
    for await (const piece of piecesOf(part)) {
      if (position + piece.length > (totalBytes ?? MAX_BYTES)) {
        throw new RemoteError(
          `${remote.what}: it is longer than the ${totalBytes ?? MAX_BYTES} bytes it may have`,
        )
      }
      await writeAll(file, piece, position)
      position += piece.length
      progress(position, totalBytes)
    }
    if (totalBytes !== undefined && position < totalBytes) {
      throw new RemoteError(`it ended after ${position} of ${totalBytes} bytes`, transient)
    }
  } finally {
    clearInterval(watch)
    signal.removeEventListener('abort', abort)
    part.body.on('error', () => undefined)
    part.body.destroy()
  }
}

const transient = { transient: true }

function expectedBytes({ what, bytes }: RemoteFile, { totalBytes }: RemotePart): number | undefined {
  if (bytes === undefined || totalBytes === undefined || bytes === totalBytes) return bytes ?? totalBytes
  throw new RemoteError(`${what}: it has ${totalBytes} bytes, and should have ${bytes}`)
}

/** The body's pieces; a cut of it is transient. */
async function* piecesOf({ body }: RemotePart): AsyncGenerator<Buffer> {
  try {
    for await (const piece of body) if (Buffer.isBuffer(piece)) yield piece
  } catch (error) {
    if (error instanceof RemoteError) throw error
    throw new RemoteError(`the connection broke: ${messageOf(error)}`, { transient: true, cause: error })
  }
}

async function writeAll(file: FileHandle, piece: Buffer, position: number): Promise<void> {
  // A disk that is nearly full takes a part of it.
  for (let done = 0; done < piece.length; ) {
    done += (await file.write(piece, done, piece.length - done, position + done)).bytesWritten
  }
}

function isWorthAnother(error: unknown, offset: number): boolean {
  return error instanceof RemoteError && (error.transient || (error.status === 416 && offset > 0))
}

/** What we had is longer than the file: it is of another one. */
function isOfAnother(error: unknown): boolean {
  return error instanceof RemoteError && error.status === 416
}
