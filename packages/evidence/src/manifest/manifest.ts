import { z } from 'zod'
import { manifestFileSchema } from './manifest-file.ts'

/** The name of the format of a results folder. */
export const EVIDENCE_FORMAT = 'see-evidence'
/** The version of the format that this package writes about. */
export const EVIDENCE_VERSION = 2

/** Files that a manifest can name. */
const MOST_FILES = 200_000

/** What `manifest.json` holds: every file of the evidence of one environment. */
export const manifestSchema = z.object({
  format: z.literal(EVIDENCE_FORMAT).describe('The name of this format.'),
  version: z.literal(EVIDENCE_VERSION).describe('The version of this format.'),
  identifier: z.string().min(1).max(255).describe('The identifier of the environment.'),
  created: z.iso
    .datetime({ offset: true })
    .describe('When the environment was made, in ISO 8601, by the clock of this host.'),
  complete: z
    .boolean()
    .describe('Whether the environment came to its end; false in what a killed run leaves.'),
  files: z
    .array(manifestFileSchema)
    .max(MOST_FILES)
    .describe('Its files of evidence, in the order in which they were begun.'),
})

/** What `manifest.json` holds: every file of the evidence of one environment. */
export type Manifest = z.output<typeof manifestSchema>
