import type { DiskFormat } from './disk-format.ts'

/** An image file and its backing chain, both checked. */
export interface DiskImage {
  /** The real path, without symbolic links. */
  readonly path: string
  readonly format: DiskFormat
  /** Device and inode of the file, to notice when it is replaced. */
  readonly identity: string
  /** The base that it is an overlay of; undefined for an image without one. */
  readonly backing?: DiskImage | undefined
  /** Size of the guest's disk, in bytes, if the header says it. */
  readonly virtualBytes?: number | undefined
  /** Whether its file systems were frozen with it: those without a journal are marked as in use then, and are complete. */
  readonly isAtRest?: boolean
}

/** All files of a backing chain, the image itself first. */
export function layersOf(image: DiskImage): DiskImage[] {
  const { backing } = image
  return backing === undefined ? [image] : [image, ...layersOf(backing)]
}
