import { z } from 'zod'
import { oneOf } from '../configuration/key-rules.ts'
import { hasOnePlace, keepingShape, ONE_PLACE } from './cache-path.ts'

const CHECKSUM = /^(?:sha256:[0-9a-fA-F]{64}|sha384:[0-9a-fA-F]{96}|sha512:[0-9a-fA-F]{128})$/i

/** The keys of HttpProvider. */
export const httpSchema = z
  .strictObject({
    ...keepingShape,
    checksum: z
      .string()
      .regex(CHECKSUM, 'give "sha256:" (or sha384, sha512) and the digest in hexadecimal')
      .describe(
        '`sha256:`, `sha384:` or `sha512:` and the digest in hexadecimal, which is also the name of the file in a folder.',
      ),
    headers: z
      .record(z.string(), z.string())
      .default({})
      .describe("Headers that are sent along, to the URL's own origin only."),
    cacert: z
      .string()
      .min(1)
      .optional()
      .describe('A file of certificates to trust in place of the usual ones.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

export type HttpConfiguration = z.output<typeof httpSchema>
