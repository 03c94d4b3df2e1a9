import { mkdtemp, rmdir } from 'node:fs/promises'
import { join, resolve } from 'node:path'
import { makeFolder, messageOf, SeeError } from '@see/core'
import { evidenceModes } from './evidence-file.ts'

/**
 * Makes a results folder that only its user may enter if it is missing, sees that it can be written, and returns its absolute path.
 * @throws SeeError `RESULTS_UNWRITABLE`
 */
export async function prepareResultsFolder(folder: string): Promise<string> {
  const path = resolve(folder)
  try {
    await makeFolder(path, evidenceModes.folder)
    // Permission bits do not show read-only mounts; making a folder does.
    await rmdir(await mkdtemp(join(path, '.see-')))
  } catch (error) {
    throw new SeeError(
      'RESULTS_UNWRITABLE',
      `the results folder ${path} cannot be written: ${messageOf(error)}; name another one or make it writable`,
      { cause: error },
    )
  }
  return path
}
