import { SeeError } from '../errors.ts'
import { openSandboxFile } from './embedded/sandbox-file.ts'

// https://www.qemu.org/docs/master/interop/qcow2.html
const HEADER_BYTES = 104
const LONGEST_PATH_BYTES = 1023
/** QEMU looks for the path in the first one only. */
const LARGEST_CLUSTER = 2 * 1024 * 1024
/** Of the features that a reader has to know. */
const DATA_FILE = 4n

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
  const header = Buffer.alloc(HEADER_BYTES)
  await file.read(header, 0, HEADER_BYTES, 0)
  const hasDataFile = header.readUInt32BE(4) > 2 && (header.readBigUInt64BE(72) & DATA_FILE) !== 0n
  const [offset, length] = [Number(header.readBigUInt64BE(8)), header.readUInt32BE(16)]
  if (offset === 0) return { backing: '', hasDataFile }
  if (length <= LONGEST_PATH_BYTES && offset <= LARGEST_CLUSTER) {
    const backing = Buffer.alloc(length)
    const { bytesRead } = await file.read(backing, 0, length, offset)
    if (bytesRead === length) return { backing: backing.toString(), hasDataFile }
  }
  throw new SeeError('STORAGE_FAILED', `${path} has no path where it says that there is one`)
}
