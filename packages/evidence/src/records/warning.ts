import { z } from 'zod'

/** Something that evidence lacks. */
export const warningSchema = z.object({
  code: z
    .string()
    .describe('What kind of lack it is; a code of a third-party hook has its name and a colon before it.'),
  what: z
    .string()
    .describe('What is missing from the evidence, such as a partition, an interface or a file.'),
  why: z.string().describe('Why it is missing, and what helps where something does.'),
  limits: z.string().nullable().describe('Where the code is explained; null for one of a third-party hook.'),
})

/** A list of what some evidence lacks. */
export const warnings = z.array(warningSchema)
