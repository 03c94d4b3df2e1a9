import type { PrepareOptions } from './prepare-options.ts'
import type { PreparedGuest } from './prepared-guest.ts'

/**
 * Installs what SEE needs into a copy of the image of a Linux guest: in a guest of our own that has the disk, so that no file
 * system and no program of it meets this host.
 * @throws SeeError `GUEST_UNPREPARED`, `DISK_FULL`, or as an embedded guest's allocation and start do
 */
export async function prepareImage(
  image: string,
  target: string,
  options: PrepareOptions,
): Promise<PreparedGuest> {
  const { installIntoImage } = await import('./install-into-image.ts')
  return await installIntoImage(image, target, options)
}
