import { SeeError } from '../errors.ts'
import { openSandboxFile } from '../resources/embedded/sandbox-file.ts'
import { MalformedHeader } from './image-bytes.ts'
import { readQcow2Header } from './qcow2-header.ts'

/** What of a qcow2 image leads to other files. */
export interface Qcow2References {
  /** The path of what it is an overlay of; empty when it is none. */
  readonly backing: string
  /** Whether its data is in a file of its own. */
  readonly hasDataFile: boolean
}

/**
 * Where an image leads that QEMU has written. A QEMU that its guest has taken over may have written anything there, and
 * programs that read such a disk as root would open any file of this host.
 * @throws SeeError `STORAGE_FAILED` when it cannot be told
 */
export async function qcow2References(path: string): Promise<Qcow2References> {
  await using file = await openSandboxFile(path)
  const { size } = await file.stat()
  const read = async (offset: number, length: number): Promise<Buffer> => {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(length), 0, length, offset)
    return buffer.subarray(0, bytesRead)
  }
  try {
    const { backing, hasDataFile } = await readQcow2Header({ size, read })
    return { backing, hasDataFile }
  } catch (error) {
    if (!(error instanceof MalformedHeader)) throw error
    throw new SeeError('STORAGE_FAILED', `${path} ${error.message}`, { cause: error })
  }
}
