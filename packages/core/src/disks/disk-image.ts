import type { DiskFormat } from './disk-format.ts'

/** The file of a disk, and all that it is an overlay of. */
export interface DiskImage {
  /** Without links. */
  readonly path: string
  readonly format: DiskFormat
  /** Of the file: it has the same as long as it is not replaced. */
  readonly identity: string
  /** What it is an overlay of; undefined for an image that stands by itself. */
  readonly backing?: DiskImage | undefined
  /** The size of the disk in bytes, where the header of the image has it. */
  readonly virtualBytes?: number | undefined
}

/** An image and all that it is an overlay of, down to the last. */
export function layersOf(image: DiskImage): DiskImage[] {
  const { backing } = image
  return backing === undefined ? [image] : [image, ...layersOf(backing)]
}
