import { readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { messageOf, SeeError } from '../common/errors.ts'
import { unlessAborted } from '../common/with-timeout.ts'
import { temporaryFolder } from '../ledger/temporary-folder.ts'
import type { DiskImage } from './disk-image.ts'
import { runQemuImg } from './qemu-img.ts'

const TIMEOUT_MS = 60_000
/** An overlay has some 200 kB. */
const MOST = 32

type Base = Pick<DiskImage, 'path' | 'format' | 'virtualBytes'>

/** Overlays of the images that were asked for last, the latest at the end. */
const made = new Map<string, Promise<Buffer>>()

/**
 * What an empty qcow2 overlay of an image consists of, and the disk of any number of guests may begin as. qemu-img, which
 * takes most of the time of an allocation, is started once for each image; it goes on for others when one has aborted.
 * @throws SeeError `TOOL_MISSING`, `DISK_FULL`, or `STORAGE_FAILED` when the image has none; or the signal's reason
 */
export async function emptyOverlay(image: Base, signal: AbortSignal): Promise<Buffer> {
  const key = await keyOf(image)
  const overlay = made.get(key) ?? makeOverlay(image, () => made.delete(key))
  made.delete(key)
  made.set(key, overlay)
  for (const oldest of made.keys()) if (made.size > MOST) made.delete(oldest)
  return await unlessAborted(signal, overlay)
}

/**
 * Makes a disk of an empty overlay.
 * @throws SeeError `DISK_FULL` or `STORAGE_FAILED`
 */
export async function writeOverlay(target: string, overlay: Uint8Array): Promise<void> {
  try {
    await writeFile(target, overlay, { flag: 'wx', mode: 0o600 })
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    const message = `the disk ${target} could not be made: ${messageOf(error)}`
    throw new SeeError(isFull ? 'DISK_FULL' : 'STORAGE_FAILED', message, { cause: error })
  }
}

/** An overlay says how large the disk is: an image that was changed needs another. */
async function keyOf({ path, format }: Base): Promise<string> {
  try {
    const { dev, ino, size, mtimeNs } = await stat(path, { bigint: true })
    return [format, dev, ino, size, mtimeNs, path].join(' ')
  } catch (error) {
    throw new SeeError('STORAGE_FAILED', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}

/** @param failed called when the next request must make it again */
async function makeOverlay(image: Base, failed: () => void): Promise<Buffer> {
  const { path, format, virtualBytes } = image
  try {
    await using folder = await temporaryFolder('see-overlay-')
    const file = join(folder.path, 'empty.qcow2')
    const target = `${file} over ${path}`
    const options = { target, code: 'STORAGE_FAILED', signal: undefined, timeoutMs: TIMEOUT_MS } as const
    // With a size, qemu-img does not open the image, and so nothing that its header names.
    const unopened = virtualBytes === undefined ? [[], []] : [['-u'], [String(virtualBytes)]]
    const [flags = [], size = []] = unopened
    const words = ['-q', ...flags, '-f', 'qcow2', '-F', format, '-b', path, file, ...size]
    await runQemuImg(['create', ...words], options)
    return await readFile(file)
  } catch (error) {
    failed()
    throw error
  }
}
