import { SeeError } from '../common/errors.ts'
import { openSandboxFile } from './sandbox-file.ts'
import { MalformedHeader } from './image-bytes.ts'
import { readQcow2Header } from './qcow2-header.ts'

/** The references to other files in a qcow2 header. */
export interface Qcow2References {
  /** Name of the backing file; empty if there is none. */
  readonly backing: string
  /** Whether it has an external data file. */
  readonly hasDataFile: boolean
}

/**
 * Reads the references of an image that QEMU has written. A guest that has taken over its QEMU can write any header, and
 * a program that opens the disk as root would then open any file of this host.
 * @throws SeeError `STORAGE_FAILED` if the header cannot be read
 */
export async function readQcow2References(path: string): Promise<Qcow2References> {
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
