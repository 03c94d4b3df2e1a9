import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { SeeError } from '../common/errors.ts'

/** @throws SeeError `DISK_FULL` when fewer than `bytes` are free where `path` lies */
export async function assertRoom(path: string, bytes: number, what: string): Promise<void> {
  const { bavail, bsize } = await statfs(dirname(path))
  const free = bavail * bsize
  if (bytes <= free) return
  throw new SeeError(
    'DISK_FULL',
    `${what} needs ${mebibytes(bytes)} more in ${dirname(path)}, where ${mebibytes(free)} are free; make room, or keep images elsewhere`,
  )
}

export function diskFull(path: string, cause: unknown): SeeError {
  return new SeeError(
    'DISK_FULL',
    `the disk is full where ${path} is written; make room, or keep images elsewhere`,
    { cause },
  )
}

export function mebibytes(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`
}
