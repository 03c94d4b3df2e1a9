import { type ImageBytes, type ImageHeader, MalformedHeader, nameIn, readAll } from './image-bytes.ts'

// https://gitlab.com/qemu-project/qemu/-/blob/master/docs/interop/qed_spec.rst: little-endian.
const FIXED_BYTES = 64
const LONGEST_NAME_BYTES = 1023
const BACKING_FILE = 1n
const BACKING_IS_RAW = 4n

/** @throws MalformedHeader */
export async function qedImageHeader(image: ImageBytes): Promise<ImageHeader> {
  const fixed = await readAll(image, 0, FIXED_BYTES)
  if (fixed.toString('latin1', 0, 4) !== 'QED\0') throw new MalformedHeader('is no QED image')
  const features = fixed.readBigUInt64LE(16)
  const virtualBytes = Number(fixed.readBigUInt64LE(48))
  if ((features & BACKING_FILE) === 0n) return { virtualBytes }
  const [offset, length] = [fixed.readUInt32LE(56), fixed.readUInt32LE(60)]
  const headerBytes = fixed.readUInt32LE(4) * fixed.readUInt32LE(12)
  if (length > LONGEST_NAME_BYTES || offset + length > headerBytes) {
    throw new MalformedHeader('has no name of a backing file where it says that there is one')
  }
  const name = nameIn(await readAll(image, offset, length))
  if (name === '') return { virtualBytes }
  return { virtualBytes, backing: { name, format: (features & BACKING_IS_RAW) === 0n ? undefined : 'raw' } }
}
