import { SeeError } from '../errors.ts'
import type { ImageLayer } from './block-node.ts'
import type { DiskImage } from './disk-image.ts'
import { ImageFile } from './image-file.ts'

/**
 * Has every file of an image open while a program of ours reads it by the names that are given to `use`: what was looked at
 * is what is read, whatever takes a file's place meanwhile.
 * @throws SeeError `IMAGE_INVALID`, or `IMAGE_REFUSED` when something has taken its place already
 */
export async function withHeldImage<Result>(
  image: DiskImage,
  use: (held: ImageLayer) => Promise<Result>,
): Promise<Result> {
  const { path, format, backing, identity } = image
  await using file = await ImageFile.open(path)
  if (file.identity !== identity) {
    throw new SeeError('IMAGE_REFUSED', `${path} was replaced after it was looked at`)
  }
  const held = { path: `/proc/${process.pid}/fd/${file.descriptor}`, format }
  if (backing === undefined) return await use(held)
  return await withHeldImage(backing, async (beneath) => await use({ ...held, backing: beneath }))
}
