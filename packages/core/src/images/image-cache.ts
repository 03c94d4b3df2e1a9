import { open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { basename } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import type { ImageOptions } from '../contract/image-provider.ts'
import { mebibytes } from '../host/free-space.ts'
import { download } from './download.ts'
import { lockFile } from '../host/file-lock.ts'
import { RemoteError } from './remote-error.ts'
import type { RemoteFile } from './remote-file.ts'
import type { Verification } from './verification.ts'

const PROGRESS_INTERVAL_MS = 2000

export interface RemoteImage {
  /** The path of the file in which the image is kept. */
  readonly path: string
  readonly remote: RemoteFile
  readonly verification: Verification
  /** See `DownloadOptions`. */
  readonly timeoutMs: number
}

/**
 * Sees to it that an image is there and verified: downloads it unless it is, once however many ask on this host. What
 * is not verified never has the image's name: it is `<path>.part`, and gone when it fails. `<path>.verified` says what
 * the file was found to fit, so that it is not read again; `<path>.lastaccess` is touched at each use.
 * @returns whether it was downloaded
 * @throws SeeError `IMAGE_UNAVAILABLE`, `IMAGE_CHECKSUM`, `DISK_FULL`; or the signal's reason
 */
export async function ensureCached(wanted: RemoteImage, options: ImageOptions): Promise<boolean> {
  try {
    const fetched = await fetchUnlessKept(wanted, options)
    await touch(`${wanted.path}.lastaccess`)
    return fetched
  } catch (error) {
    options.signal.throwIfAborted()
    throw unavailable(error, wanted.remote.what)
  }
}

/** The error for the user, of whatever failed. */
export function unavailable(error: unknown, what: string): SeeError {
  if (error instanceof SeeError) return error
  const message = messageOf(error)
  const told = error instanceof RemoteError && message.includes(what) ? message : `${what}: ${message}`
  return new SeeError('IMAGE_UNAVAILABLE', `cannot fetch the image: ${told}`, { cause: error })
}

async function fetchUnlessKept(wanted: RemoteImage, options: ImageOptions): Promise<boolean> {
  const part = `${wanted.path}.part`
  for (;;) {
    if (await isKept(wanted)) return false
    await using lock = await lockFile(part, options.signal)
    // Another process has renamed or removed it while we waited: see what there is now.
    if (!lock.isCurrent) continue
    try {
      return await fetchLocked(wanted, part, options)
    } finally {
      // After a rename there is none; a holder that was killed leaves it, and the next goes on with it.
      await rm(part, { force: true })
    }
  }
}

async function fetchLocked(wanted: RemoteImage, part: string, options: ImageOptions): Promise<boolean> {
  const { path, verification } = wanted
  if (await isKept(wanted)) return false
  if ((await sizeOf(path)) !== undefined && (await verification.matches(path, options.signal))) {
    await recordKept(wanted)
    return false
  }
  await downloadVerified(wanted, part, options)
  // Before it gets its final name: libvirt reads the headers of all files in a pool's folder.
  await options.inspect?.(part)
  await rename(part, path)
  await recordKept(wanted)
  return true
}

async function downloadVerified(
  { remote, verification, timeoutMs, path }: RemoteImage,
  part: string,
  { signal, logger }: ImageOptions,
): Promise<void> {
  await using file = await open(part, 'r+')
  const { size } = await file.stat()
  let lastTold = 0
  const progress = (bytes: number, totalBytes?: number): void => {
    if (Date.now() - lastTold < PROGRESS_INTERVAL_MS && bytes !== totalBytes) return
    lastTold = Date.now()
    const of = totalBytes === undefined ? '' : ` of ${mebibytes(totalBytes)}`
    const message = `fetching the image ${basename(path)}: ${mebibytes(bytes)}${of}`
    logger?.info({ progress: { bytes, totalBytes } }, message)
  }
  for (let isResumed = size > 0; ; isResumed = false) {
    await download(remote, { file, path: part }, { signal, timeoutMs, progress })
    await file.sync()
    if (await verification.matches(part, signal)) return
    // What a killed process left may be of another image.
    if (!isResumed) break
    await file.truncate(0)
  }
  throw new SeeError(
    'IMAGE_CHECKSUM',
    `${remote.what} is not what its checksum says (${verification.identity}); it was thrown away`,
  )
}

async function isKept({ path, verification }: RemoteImage): Promise<boolean> {
  const record = await recordOf(path, verification)
  return record !== undefined && (await readText(`${path}.verified`)) === record
}

async function recordKept({ path, verification }: RemoteImage): Promise<void> {
  await writeFile(`${path}.verified`, (await recordOf(path, verification)) ?? '')
}

/** Changes whenever the file does. */
async function recordOf(path: string, { identity }: Verification): Promise<string | undefined> {
  try {
    const { size, mtimeNs, ino } = await stat(path, { bigint: true })
    return `${identity} ${size} ${mtimeNs} ${ino}\n`
  } catch {
    return undefined
  }
}

async function sizeOf(path: string): Promise<number | undefined> {
  return (await stat(path).catch(() => undefined))?.size
}

async function readText(path: string): Promise<string | undefined> {
  return await readFile(path, 'utf8').catch(() => undefined)
}

async function touch(path: string): Promise<void> {
  await using file = await open(path, 'a')
  const now = new Date()
  await file.utimes(now, now)
}
