import { readFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { messageOf, SeeError } from '../errors.ts'

/**
 * A file of certificates, if one is named.
 * @throws SeeError `FILE_UNREADABLE`
 */
export async function readPem(folder: string, path: string | undefined): Promise<string | undefined> {
  if (path === undefined) return undefined
  try {
    return await readFile(resolve(folder, path), 'utf8')
  } catch (error) {
    throw new SeeError('FILE_UNREADABLE', `cannot read ${path}: ${messageOf(error)}`, { cause: error })
  }
}
