import { resolve } from 'node:path'
import { readUserFile } from '../configuration/user-file.ts'

/**
 * A file of certificates, if one is named.
 * @throws SeeError `FILE_UNREADABLE` or `FILE_UNTRUSTED`
 */
export function readPem(folder: string, path: string | undefined): string | undefined {
  if (path === undefined) return undefined
  return readUserFile(resolve(folder, path))
}
