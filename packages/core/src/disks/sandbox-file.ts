import { constants } from 'node:fs'
import { type FileHandle, open } from 'node:fs/promises'
import { SeeError } from '../common/errors.ts'

/**
 * Opens a file that QEMU wrote, for reading. A QEMU that its guest has taken over may have put a link or a pipe in its
 * place.
 */
export async function openSandboxFile(path: string): Promise<FileHandle> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK)
  if ((await file.stat()).isFile()) return file
  await file.close()
  throw new SeeError('STORAGE_FAILED', `${path} is not the file that it was`)
}
