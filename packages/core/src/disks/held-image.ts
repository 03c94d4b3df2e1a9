import { SeeError } from '../common/errors.ts'
import type { ImageLayer } from '../contract/block-node.ts'
import type { DiskImage } from './disk-image.ts'
import { ImageFile } from './image-file.ts'

/**
 * Opens every file of a chain and passes `use` names under `/proc` of the open files. A program that reads by these names
 * reads the files that were checked, even if a path is replaced meanwhile.
 * @throws SeeError `IMAGE_INVALID`, or `IMAGE_REFUSED` if a file was replaced since it was checked
 */
export async function withHeldImage<Result>(
  image: DiskImage,
  use: (held: ImageLayer) => Promise<Result>,
): Promise<Result> {
  const { path, format, backing, identity } = image
  await using file = await ImageFile.open(path)
  if (file.identity !== identity) {
    throw new SeeError('IMAGE_REFUSED', `${path} was replaced after it was checked`)
  }
  const held = { path: `/proc/${process.pid}/fd/${file.descriptor}`, format }
  if (backing === undefined) return await use(held)
  return await withHeldImage(backing, async (beneath) => await use({ ...held, backing: beneath }))
}
