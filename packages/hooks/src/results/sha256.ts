import { createHash } from 'node:crypto'
import { createReadStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { pipeline } from 'node:stream/promises'
import { messageOf, SeeError } from '@see/core'

/**
 * The SHA-256 of a regular file, in hexadecimal.
 * @throws SeeError `FILE_UNREADABLE`
 */
export async function sha256Of(path: string, signal: AbortSignal): Promise<string> {
  const hash = createHash('sha256')
  try {
    // A pipe or a device might never end.
    if (!(await stat(path)).isFile()) throw new Error('it is not a regular file')
    await pipeline(createReadStream(path), hash, { signal })
  } catch (error) {
    signal.throwIfAborted()
    throw new SeeError('FILE_UNREADABLE', `cannot read the sample ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
  return hash.digest('hex')
}
