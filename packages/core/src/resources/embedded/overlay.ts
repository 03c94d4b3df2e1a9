import { writeFile } from 'node:fs/promises'
import { messageOf, SeeError } from '../../errors.ts'
import { runBounded } from '../bounded-process.ts'
import type { DiskFormat } from '../disk-image.ts'
import type { RunFolder } from './run-folder.ts'

/** A copy of a large image takes its time. */
const TIMEOUT_MS = 3_600_000
export const DISK_NAME = 'disk.qcow2'

export interface BaseImage {
  readonly path: string
  readonly format: DiskFormat
}

/**
 * Makes the disk of an environment from an empty overlay, without a program that has to be started.
 * @throws SeeError `DISK_FULL` or `STORAGE_FAILED`
 */
export async function copyOverlay(folder: RunFolder, overlay: Uint8Array): Promise<void> {
  const target = folder.of(DISK_NAME)
  try {
    await writeFile(target, overlay, { flag: 'wx' })
  } catch (error) {
    const isFull = error instanceof Error && 'code' in error && error.code === 'ENOSPC'
    const message = `the disk ${target} could not be made: ${messageOf(error)}`
    throw new SeeError(isFull ? 'DISK_FULL' : 'STORAGE_FAILED', message, { cause: error })
  }
  await folder.give(DISK_NAME)
}

/**
 * Makes the disk of one environment: an overlay over the image, or a copy of it.
 * @throws SeeError `DISK_FULL`, `IMAGE_INVALID` or `STORAGE_FAILED`
 */
export async function makeDisk(
  qemuImg: string,
  folder: RunFolder,
  { path, format }: BaseImage,
  { copyOnWrite, signal }: { readonly copyOnWrite: boolean; readonly signal: AbortSignal },
): Promise<void> {
  const target = folder.of(DISK_NAME)
  const argv = copyOnWrite
    ? ['create', '-q', '-f', 'qcow2', '-F', format, '-b', path, target]
    : ['convert', '-q', '-f', format, '-O', 'qcow2', path, target]
  const options = { stdin: '', timeoutMs: TIMEOUT_MS, maxOutputBytes: 4096, env: {}, signal }
  const { exitCode, stderr } = await runBounded([qemuImg, ...argv], options, () => {
    return new SeeError('STORAGE_FAILED', `qemu-img did not make ${target} within ${TIMEOUT_MS} ms`)
  })
  if (exitCode !== 0) {
    const said = stderr.toString().trim()
    if (/no space left/i.test(said)) {
      throw new SeeError('DISK_FULL', `there is no room for ${target}: ${said}; make room there`)
    }
    throw new SeeError('STORAGE_FAILED', `the disk over ${path} could not be made: ${said}`)
  }
  await folder.give(DISK_NAME)
}
