import { z } from 'zod'
import { oneOf } from '../configuration/key-rules.ts'
import { hasOnePlace, keepingShape, ONE_PLACE } from './cache-path.ts'
import { s3AuthSchema } from './s3-access.ts'

/** The keys of S3Provider. */
export const s3Schema = z
  .strictObject({
    ...keepingShape,
    bucket_name: z
      .string()
      .regex(/^[\w.-]{3,255}$/, 'this is no name of a bucket')
      .describe('The bucket.'),
    auth: s3AuthSchema
      .prefault({})
      .describe(
        "How to reach the store, by boto3's names; without keys, those of the environment (`AWS_ACCESS_KEY_ID`, …) are taken, and without any, requests are not signed.",
      ),
    sha256: z
      .string()
      .regex(/^[0-9a-fA-F]{64}$/, 'give 64 hexadecimal digits')
      .optional()
      .describe(
        "The image's digest in hexadecimal; needed where the ETag is no MD5, as in buckets encrypted with KMS.",
      ),
    part_size: z
      .int()
      .positive()
      .optional()
      .describe('Bytes of each part of a multipart upload; guessed when not given.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

export type S3Configuration = z.output<typeof s3Schema>
