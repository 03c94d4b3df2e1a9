import { type ImageBytes, type ImageHeader, MalformedHeader, readAll } from './image-bytes.ts'

// A VDI of version 1.1, as VirtualBox writes it: little-endian.
const VDI_HEADER_BYTES = 512
const VDI_TYPE = 0x4c
const DYNAMIC_AND_FIXED = new Set([1, 2])
/** UUIDs of what it is linked to, and of its parent. */
const VDI_PARENTS = [0x1a8, 0x1b8] as const

// A VHD, by Microsoft's "Virtual Hard Disk Image Format Specification": big-endian.
const VHD_FOOTER_BYTES = 512
const VHD_DYNAMIC_HEADER_BYTES = 1024
const VHD_TYPE = 60
const FIXED = 2
const DYNAMIC = 3

const refusal = 'is a differencing disk, which names its parent: merge it first'

/** Reads the header of a VDI; a differencing one names its parent by UUID. @throws MalformedHeader */
export async function vdiImageHeader(image: ImageBytes): Promise<ImageHeader> {
  const header = await readAll(image, 0, VDI_HEADER_BYTES)
  if (header.readUInt32LE(0x40) !== 0xbeda107f) throw new MalformedHeader('is no VDI')
  const isOwn = VDI_PARENTS.every((offset) => isZero(header.subarray(offset, offset + 16)))
  return isOwn && DYNAMIC_AND_FIXED.has(header.readUInt32LE(VDI_TYPE)) ? {} : { refusal }
}

/** Reads the footer of a VHD, QEMU's `vpc`. @throws MalformedHeader */
export async function vpcImageHeader(image: ImageBytes): Promise<ImageHeader> {
  const head = await readAll(image, 0, VHD_FOOTER_BYTES)
  const isAtHead = isFooter(head)
  const footer = isAtHead ? head : await readAll(image, image.size - VHD_FOOTER_BYTES, VHD_FOOTER_BYTES)
  if (!isFooter(footer)) throw new MalformedHeader('is no VHD')
  const type = footer.readUInt32BE(VHD_TYPE)
  if (type === FIXED) return {}
  if (type !== DYNAMIC) return { refusal }
  const place = Number(footer.readBigUInt64BE(16))
  if (!Number.isSafeInteger(place)) throw new MalformedHeader('has its header at an impossible place')
  const dynamic = await readAll(image, place, VHD_DYNAMIC_HEADER_BYTES)
  if (dynamic.toString('latin1', 0, 8) !== 'cxsparse')
    throw new MalformedHeader('has no header of a dynamic disk')
  // The parent's UUID, and the eight entries that say where it is.
  const isOwn = isZero(dynamic.subarray(40, 56)) && isZero(dynamic.subarray(576, 768))
  return isOwn ? {} : { refusal }
}

function isFooter(bytes: Buffer): boolean {
  return bytes.toString('latin1', 0, 8) === 'conectix'
}

function isZero(bytes: Buffer): boolean {
  return bytes.every((byte) => byte === 0)
}
