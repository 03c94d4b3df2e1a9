import { z } from 'zod'
import { kindSchema } from './kind-schema.ts'
import { manifestPath } from './manifest-path.ts'

const size = z.int().min(0)
const epochMs = z.number()

/** One file of evidence, in the manifest. */
export const manifestFileSchema = z.object({
  kind: kindSchema.describe('What kind of evidence it is.'),
  path: manifestPath.describe(
    'Its path, relative to the folder of the manifest, with `/` between its parts.',
  ),
  bytes: size.nullable().describe('Its size in bytes; null while it grows.'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable()
    .describe(
      'The SHA-256 of its content, in hexadecimal; null while it grows, where it could not be read, and in version 1.',
    ),
  media_type: z.string().max(255).describe('Its media type, such as `application/json`.'),
  event: z
    .object({
      name: z.string().describe('The name of the event.'),
      sequence: z.int().min(1).describe('The number of the event on the timeline.'),
    })
    .nullable()
    .describe('The event at which it was taken; null where it belongs to no event.'),
  from: epochMs.describe(
    'The beginning of the time that it covers, in milliseconds since the epoch, by the clock of this host.',
  ),
  to: epochMs.nullable().describe('The end of that time; null while it grows.'),
  writer: z.string().max(255).describe('The class of the hook that wrote it, or what else did.'),
  state: z
    .enum(['growing', 'complete', 'incomplete'])
    .describe(
      '`growing` while it is written; `incomplete` where its writer knows that something is missing in it.',
    ),
  of: manifestPath
    .optional()
    .describe('The path of the file that it belongs to: the record of a command, the report of a disk.'),
})

/** One file of evidence, in the manifest. */
export type ManifestFile = z.output<typeof manifestFileSchema>
