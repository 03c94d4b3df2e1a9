import { SeeError } from '../common/errors.ts'
import { type DiskFormat, formatIn, unsupportedIn } from './disk-format.ts'
import { type ImageBytes, type ImageHeader, MalformedHeader } from './image-bytes.ts'
import type { ImageFile } from './image-file.ts'
import { qcow2ImageHeader } from './qcow2-header.ts'
import { qedImageHeader } from './qed-header.ts'
import { vhdxImageHeader } from './vhdx-header.ts'
import { vdiImageHeader, vpcImageHeader } from './virtual-box-header.ts'
import { vmdkImageHeader } from './vmdk-header.ts'

const readers = {
  qcow2: qcow2ImageHeader,
  qed: qedImageHeader,
  raw: async ({ size }) => ({ virtualBytes: size }),
  vdi: vdiImageHeader,
  vhdx: vhdxImageHeader,
  vmdk: vmdkImageHeader,
  vpc: vpcImageHeader,
} as const satisfies Record<DiskFormat, (image: ImageBytes) => Promise<ImageHeader>>

/**
 * The format of an image, by its content.
 * @throws SeeError `IMAGE_INVALID` when it is not one that SEE runs from
 */
export async function detectFormat(image: ImageFile): Promise<DiskFormat> {
  const head = await image.head()
  const format = formatIn(head)
  if (format !== undefined) return format
  const unsupported = unsupportedIn(head)
  throw new SeeError(
    'IMAGE_INVALID',
    unsupported === undefined
      ? `${image.path} is not a disk image by its content: neither a format that SEE knows nor a raw disk with a partition table or a file system; if it is a raw disk, set "format": "raw" beside "image"`
      : `${image.path} is ${unsupported}`,
  )
}

/**
 * Reads what the header of an image leads to.
 * @throws SeeError `IMAGE_INVALID` when it cannot be read
 */
export async function readImageHeader(image: ImageFile, format: DiskFormat): Promise<ImageHeader> {
  try {
    return await readers[format](image)
  } catch (error) {
    if (!(error instanceof MalformedHeader)) throw error
    throw new SeeError('IMAGE_INVALID', `${image.path} ${error.message}`, { cause: error })
  }
}
