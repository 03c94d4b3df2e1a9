import { z } from 'zod'

const plain = {
  code: z.string().nullable().describe('The code of an error of SEE or libvirt; null for any other.'),
  message: z.string().describe('What went wrong, where, and what to do.'),
}

/** An error, as reports have it; an error in an error is described, and what is deeper is left as it is. */
export const reportedErrorSchema = z.object({
  ...plain,
  errors: z
    .array(z.object({ ...plain, errors: z.array(z.unknown()).optional().describe('Errors within.') }))
    .optional()
    .describe('Each error, where there are several.'),
})
