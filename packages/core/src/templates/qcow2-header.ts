import { openSandboxFile } from '../resources/embedded/sandbox-file.ts'

/** More than every header; the path of what is beneath stands in the first cluster. */
const FIRST_CLUSTER_BYTES = 65_536
/** Of the features that a reader has to know: those that QEMU sets while it has the image open. */
const DIRTY_OR_CORRUPT = 3n

/** The path of what an image is an overlay of; empty when it is none. */
export function backingPathOf(image: Buffer): string {
  const offset = Number(image.readBigUInt64BE(8))
  return image.subarray(offset, offset + image.readUInt32BE(16)).toString()
}

/**
 * What of an image that QEMU has written leads to other files: its backing path, and whether the data is in a file of its
 * own. A QEMU that its guest has taken over may have written anything there.
 * @throws SeeError `STORAGE_FAILED` when it is no file any more
 */
export async function referencesOf(path: string): Promise<string> {
  await using file = await openSandboxFile(path)
  const header = Buffer.alloc(FIRST_CLUSTER_BYTES)
  await file.read(header, 0, header.length, 0)
  const features = header.readUInt32BE(4) < 3 ? 0n : header.readBigUInt64BE(72) & ~DIRTY_OR_CORRUPT
  return JSON.stringify({ backing: backingPathOf(header), features: String(features) })
}
