import { open } from 'node:fs/promises'
import { messageOf, SeeError } from '../errors.ts'

/** QEMU's names of the formats a disk image can have. */
export type DiskFormat = 'qcow2' | 'qed' | 'raw' | 'vdi' | 'vhdx' | 'vmdk' | 'vpc'

/** The file of a disk. */
export interface DiskImage {
  readonly path: string
  readonly format: DiskFormat
}

interface Signature {
  readonly format: DiskFormat
  readonly offset: number
  readonly bytes: Buffer
}

function signature(format: DiskFormat, offset: number, bytes: string): Signature {
  return { format, offset, bytes: Buffer.from(bytes, 'latin1') }
}

// A raw image has no signature of its own: it is known by what is on it.
const signatures = [
  signature('qcow2', 0, 'QFI\xfb'),
  signature('qed', 0, 'QED\0'),
  signature('vmdk', 0, 'KDMV'),
  signature('vhdx', 0, 'vhdxfile'),
  signature('vpc', 0, 'conectix'),
  signature('vdi', 0x40, '\x7f\x10\xda\xbe'),
  signature('raw', 510, '\x55\xaa'),
  signature('raw', 0x438, '\x53\xef'),
  signature('raw', 0x10040, '_BHRfS_M'),
  signature('raw', 0, 'XFSB'),
  signature('raw', 0, 'hsqs'),
  signature('raw', 0x8001, 'CD001'),
]

const HEAD_BYTES = 0x10048

/**
 * The format of a disk image, by its content.
 * @throws SeeError `IMAGE_INVALID` when it is missing, unreadable or not a disk image
 */
export async function detectDiskFormat(path: string): Promise<DiskFormat> {
  const head = await readHead(path)
  const found = signatures.find(({ offset, bytes }) => {
    return head.subarray(offset, offset + bytes.length).equals(bytes)
  })
  if (found !== undefined) return found.format
  throw new SeeError(
    'IMAGE_INVALID',
    `${path} is not a disk image: neither a format QEMU knows nor a raw disk with a partition table or a file system; make one with qemu-img`,
  )
}

async function readHead(path: string): Promise<Buffer> {
  try {
    await using file = await open(path, 'r')
    const { bytesRead, buffer } = await file.read(Buffer.alloc(HEAD_BYTES), 0, HEAD_BYTES, 0)
    return buffer.subarray(0, bytesRead)
  } catch (error) {
    throw new SeeError('IMAGE_INVALID', `cannot read the disk image ${path}: ${messageOf(error)}`, {
      cause: error,
    })
  }
}
