import { z } from 'zod'
import { templateName } from './template-name.ts'

/** What a resources file says of templates. */
export const templateKeys = {
  template: templateName
    .optional()
    .describe('The template that each guest is a clone of; it was built from this file.'),
  identity: z
    .boolean()
    .default(true)
    .describe(
      'Whether each clone of a template that is built from this file gets its own identity. If not, they are all one machine, random numbers included.',
    ),
}
