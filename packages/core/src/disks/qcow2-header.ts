import { type ImageBytes, type ImageHeader, MalformedHeader, nameIn, readAll } from './image-bytes.ts'

// https://www.qemu.org/docs/master/interop/qcow2.html
const VERSION_2_BYTES = 72
const VERSION_3_BYTES = 104
const LONGEST_NAME_BYTES = 1023
const DATA_FILE_FEATURE = 4n
const BACKING_FORMAT = 0xe2792aca
const DATA_FILE_NAME = 0x44415441
const ENCRYPTION_HEADER = 0x0537be77

export interface Qcow2Header {
  /** The name of the backing file; empty when there is none. */
  readonly backing: string
  /** The name of its format; undefined when the header has none. */
  readonly backingFormat: string | undefined
  readonly hasDataFile: boolean
  readonly isEncrypted: boolean
  /** The size of the disk. */
  readonly virtualBytes: number
}

/**
 * Parses the header of a qcow2 image; reads no more than its first cluster.
 * @throws MalformedHeader
 */
export async function readQcow2Header(image: ImageBytes): Promise<Qcow2Header> {
  const fixed = await readAll(image, 0, VERSION_2_BYTES)
  if (fixed.toString('latin1', 0, 4) !== 'QFI\xfb') throw new MalformedHeader('is no qcow2 image')
  const version = fixed.readUInt32BE(4)
  if (version === 1) {
    throw new MalformedHeader('is a qcow image of version 1; convert it: qemu-img convert -f qcow -O qcow2')
  }
  if (version !== 2 && version !== 3) throw new MalformedHeader(`is a qcow2 image of version ${version}`)
  const clusterBits = fixed.readUInt32BE(20)
  if (clusterBits < 9 || clusterBits > 21) throw new MalformedHeader('has clusters of an impossible size')
  const clusterBytes = 2 ** clusterBits
  const { headerBytes, features } = version === 2 ? VERSION_2 : await version3(image, clusterBytes)
  const backing = await backingName(image, fixed, clusterBytes)
  const extensions = await readExtensions(image, headerBytes, backing.offset || clusterBytes)
  return {
    backing: backing.name,
    backingFormat: extensions.backingFormat,
    hasDataFile: extensions.hasDataFile || (features & DATA_FILE_FEATURE) !== 0n,
    isEncrypted: extensions.isEncrypted || fixed.readUInt32BE(32) !== 0,
    virtualBytes: sizeOf(fixed.readBigUInt64BE(24)),
  }
}

/** @throws MalformedHeader */
export async function qcow2ImageHeader(image: ImageBytes): Promise<ImageHeader> {
  const { backing, backingFormat, hasDataFile, isEncrypted, virtualBytes } = await readQcow2Header(image)
  return {
    virtualBytes,
    backing: backing === '' ? undefined : { name: backing, format: backingFormat },
    refusal: isEncrypted
      ? 'is encrypted'
      : hasDataFile
        ? 'has its data in another file, which its header names; convert it: qemu-img convert -O qcow2'
        : undefined,
  }
}

const VERSION_2 = { headerBytes: VERSION_2_BYTES, features: 0n }

async function version3(image: ImageBytes, clusterBytes: number): Promise<typeof VERSION_2> {
  const header = await readAll(image, 0, VERSION_3_BYTES)
  const headerBytes = header.readUInt32BE(100)
  if (headerBytes < VERSION_3_BYTES || headerBytes > clusterBytes || headerBytes % 8 !== 0) {
    throw new MalformedHeader('has a header of an impossible length')
  }
  return { headerBytes, features: header.readBigUInt64BE(72) }
}

async function backingName(
  image: ImageBytes,
  fixed: Buffer,
  clusterBytes: number,
): Promise<{ name: string; offset: number }> {
  const place = fixed.readBigUInt64BE(8)
  if (place === 0n) return { name: '', offset: 0 }
  const [offset, length] = [Number(place), fixed.readUInt32BE(16)]
  if (offset > clusterBytes || length > Math.min(LONGEST_NAME_BYTES, clusterBytes - offset)) {
    throw new MalformedHeader('has no name of a backing file where it says that there is one')
  }
  return { name: nameIn(await readAll(image, offset, length)), offset }
}

async function readExtensions(image: ImageBytes, start: number, end: number) {
  const found = { backingFormat: undefined as string | undefined, hasDataFile: false, isEncrypted: false }
  const area = end > start ? await image.read(start, end - start) : Buffer.alloc(0)
  for (let offset = 0; offset + 8 <= area.length; ) {
    const [magic, length] = [area.readUInt32BE(offset), area.readUInt32BE(offset + 4)]
    if (magic === 0) break
    if (length > area.length - offset - 8)
      throw new MalformedHeader('has a header extension that is cut short')
    const content = area.subarray(offset + 8, offset + 8 + length)
    if (magic === BACKING_FORMAT) found.backingFormat = nameIn(content)
    if (magic === DATA_FILE_NAME) found.hasDataFile = true
    if (magic === ENCRYPTION_HEADER) found.isEncrypted = true
    offset += 8 + Math.ceil(length / 8) * 8
  }
  return found
}

function sizeOf(bytes: bigint): number {
  if (bytes <= BigInt(Number.MAX_SAFE_INTEGER)) return Number(bytes)
  throw new MalformedHeader('is a disk of an impossible size')
}
