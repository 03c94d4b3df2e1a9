import { z } from 'zod'
import { diskFormats } from '../disks/disk-format.ts'
import { imageSchema } from './image.ts'

/**
 * What a resources file says of a guest's disk.
 * @param otherwise where the environments' folders are when the file does not say it, for the description
 */
export function diskSchema(otherwise: string) {
  return z.strictObject({
    image: imageSchema.describe('The image, which is never written: a path, or what a provider is to fetch.'),
    format: z
      .enum(diskFormats)
      .optional()
      .describe(
        "QEMU's name of the image's format; detected by its content when not given. A raw disk without a partition table or a file system needs it.",
      ),
    backing_folders: z
      .array(z.string().min(1))
      .max(100)
      .default([])
      .describe(
        'Folders that may hold bases of the image, in or below them. An image of this host may also have bases in its own folder; a fetched image may not.',
      ),
    clone: z
      .strictObject({
        storage_pool_path: z
          .string()
          .min(1)
          .optional()
          .describe(
            `The folder in which each environment gets a folder of its own; ${otherwise} when not given.`,
          ),
        copy_on_write: z
          .boolean()
          .default(true)
          .describe(
            '`true`: an overlay that holds only what the guest changes; `false`: a copy of the whole image.',
          ),
      })
      .prefault({})
      .describe('How each environment gets a disk of its own.'),
  })
}
