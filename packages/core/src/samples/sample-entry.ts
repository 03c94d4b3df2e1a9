import { stat } from 'node:fs/promises'
import { join, normalize } from 'node:path'
import { SeeError } from '../common/errors.ts'

/**
 * The path on this host of a file in a sample's folder.
 * @throws SeeError `SAMPLE_UNSUITABLE` when it is none in there
 */
export async function entryPath(folder: string, entry: string): Promise<string> {
  const path = join(folder, entry)
  const isInside = entry !== '' && !entry.startsWith('/') && !/^\.\.(\/|$)/.test(normalize(entry))
  if (isInside && (await isFile(path))) return path
  throw new SeeError('SAMPLE_UNSUITABLE', `the sample has no file ${JSON.stringify(entry)} in it`)
}

async function isFile(path: string): Promise<boolean> {
  return await stat(path).then(
    (information) => information.isFile(),
    () => false,
  )
}
