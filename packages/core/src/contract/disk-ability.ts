import type { Readable } from 'node:stream'
import type { ImageLayer } from './block-node.ts'

/** The disk that a guest was given: a clone of an image, which is never written. */
export interface GuestDisk {
  /** What the disk was cloned from. */
  readonly image: ImageLayer
  /**
   * Reads the file of the clone, a qcow2 image, which may be backed by the image and by nothing else. It is consistent
   * while the guest is paused or off. Destroy the stream if it is not read to its end.
   */
  read(options: { readonly signal: AbortSignal }): Promise<Readable>
}

/** A disk of the guest beside its first, of which the environment has a clone as well. */
export interface OtherGuestDisk extends GuestDisk {
  /** The name that the domain's XML gives it, such as `vdb`; no other disk of the guest has it. */
  readonly target: string
}

/** Reads the guest's disks. */
export interface DiskAbility {
  /** Undefined when the configuration names none, so that the guest's disks are the user's own. */
  first(): Promise<GuestDisk | undefined>
  /** The clones beside the first disk. */
  others(): Promise<readonly OtherGuestDisk[]>
}
