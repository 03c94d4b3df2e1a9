import { z } from 'zod'
import { oneOf } from '../configuration/key-rules.ts'
import { hasOnePlace, keepingShape, ONE_PLACE } from './cache-path.ts'
import { keystoneAuthSchema } from './keystone-auth.ts'

/** The keys of GlanceProvider. */
export const glanceSchema = z
  .strictObject({
    ...keepingShape,
    glance_url: z
      .url({ protocol: /^https?$/ })
      .optional()
      .describe("Glance's URL; the one in Keystone's catalogue when not given."),
    os_auth: keystoneAuthSchema.describe(
      'How to sign in at Keystone: by a user and password, or by an application credential.',
    ),
    session: z
      .strictObject({
        cacert: z
          .string()
          .min(1)
          .optional()
          .describe('A file of certificates to trust in place of the usual ones.'),
        cert: z.string().min(1).optional().describe('A file of our own certificate and its key.'),
      })
      .prefault({})
      .describe('Certificates for the connections.'),
  })
  .refine(hasOnePlace, ONE_PLACE)
  .meta(oneOf('path', 'target_path'))

export type GlanceConfiguration = z.output<typeof glanceSchema>
