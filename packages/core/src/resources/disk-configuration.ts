import { z } from 'zod'
import { imageSchema } from './image.ts'

/**
 * What a resources file says of a guest's disk.
 * @param otherwise where the environments' folders are when the file does not say it, for the description
 */
export function diskSchema(otherwise: string) {
  return z.strictObject({
    image: imageSchema.describe('The image, which is never written: a path, or what a provider is to fetch.'),
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
