import type { DiskImage } from '../../../disks/disk-image.ts'
import { writeOverlay } from '../../../disks/empty-overlay.ts'
import { convertImage } from '../../../disks/qemu-img.ts'
import type { RunFolder } from '../folder/run-folder.ts'
import { DISK_NAME } from './disk-name.ts'

/**
 * Makes the disk of an environment from an empty overlay.
 * @throws SeeError `DISK_FULL` or `STORAGE_FAILED`
 */
export async function copyOverlay(folder: RunFolder, overlay: Uint8Array): Promise<void> {
  await writeOverlay(folder.of(DISK_NAME), overlay)
  await folder.give(DISK_NAME)
}

/**
 * Makes the disk of an environment, which is a copy of the image.
 * @throws SeeError `DISK_FULL` or `STORAGE_FAILED`
 */
export async function copyImage(folder: RunFolder, image: DiskImage, signal: AbortSignal): Promise<void> {
  await convertImage(image, folder.of(DISK_NAME), signal)
  await folder.give(DISK_NAME)
}
