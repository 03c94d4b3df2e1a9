import { type ImageBytes, type ImageHeader, MalformedHeader, readAll } from './image-bytes.ts'

// VMware's "Virtual Disk Format 5.0": little-endian; offsets and sizes in sectors.
const SECTOR_BYTES = 512
const HEADER_BYTES = 512
/** Where QEMU and libvirt look for the parent, regardless of the header. */
const DESCRIPTOR_OFFSET = 512
const DESCRIPTOR_BYTES = 20 * SECTOR_BYTES
const LONGEST_DESCRIPTOR_BYTES = 1024 * 1024

const PARENT = /parentFileNameHint/i
const EXTENT = /^\s*(?:RW|RDONLY|NOACCESS)\s.*$/gim
/** The image's own extent; the name may be outdated. */
const OWN_EXTENT = /^\s*RW\s+\d+\s+SPARSE\s+"[^"/\\]*"\s*$/i

const CONVERT = 'convert it: qemu-img convert -f vmdk -O qcow2'

/**
 * Reads the header of a sparse VMDK with an embedded descriptor. QEMU opens the parent that the descriptor names, and its
 * extents if the header's capacity is 0; VirtualBox opens both.
 * @throws MalformedHeader
 */
export async function vmdkImageHeader(image: ImageBytes): Promise<ImageHeader> {
  const header = await readAll(image, 0, HEADER_BYTES)
  if (header.toString('latin1', 0, 4) !== 'KDMV') throw new MalformedHeader('is no VMDK of one file')
  const offset = bytesOf(header.readBigUInt64LE(28))
  const length = bytesOf(header.readBigUInt64LE(36))
  if (length > LONGEST_DESCRIPTOR_BYTES) throw new MalformedHeader('has a descriptor of an impossible length')
  const text = async (start: number, bytes: number) => (await image.read(start, bytes)).toString('latin1')
  const descriptor = offset === 0 ? '' : await text(offset, length)
  if (PARENT.test(descriptor) || PARENT.test(await text(DESCRIPTOR_OFFSET, DESCRIPTOR_BYTES))) {
    return { refusal: `is a VMDK whose descriptor names a parent; ${CONVERT}` }
  }
  const extents = descriptor.match(EXTENT) ?? []
  const isOne = extents.length <= 1 && extents.every((extent) => OWN_EXTENT.test(extent))
  if (isOne && header.readBigUInt64LE(12) !== 0n) return {}
  return { refusal: `is a VMDK whose descriptor names other files; ${CONVERT}` }
}

function bytesOf(sectors: bigint): number {
  if (sectors <= 2n ** 40n) return Number(sectors) * SECTOR_BYTES
  throw new MalformedHeader('has its descriptor at an impossible place')
}
