import { z } from 'zod'

const record = z.record(z.string(), z.unknown())

const entry = z.strictObject({
  name: z
    .string()
    .min(1)
    .max(4096)
    .describe('`module#Export` of the hook; the module is a package, or a path relative to the file.'),
  configuration: record
    .default({})
    .describe("The hook's own configuration, in which every key must be known."),
  optional: z
    .boolean()
    .default(false)
    .describe('A hook that cannot be loaded or set up is left out instead of failing the allocation.'),
})

const $schema = z.string().optional().describe('The JSON Schema of this file, for editors.')

const plain = z.strictObject({
  $schema,
  configuration: record
    .default({})
    .describe(
      "The generic configuration, of which each hook takes the keys that it knows; the hook's own wins.",
    ),
  hooks: z.array(entry).default([]).describe('The hooks, in the order in which they are set up.'),
})

const wrapped = z.strictObject({
  $schema,
  hooks: plain.describe('The file once more, as the reference has it.'),
})

/** What a hooks file may be: plain, or wrapped once more in an outer "hooks" key, as in the reference's user manual. */
export const hooksFile = { plain, wrapped }

/** What a hooks file may have. */
export type HooksConfiguration = z.input<typeof plain> | z.input<typeof wrapped>

/** A path of a JSON file, or the configuration itself. */
export type HooksSource = string | HooksConfiguration

/** In code, a hook may be given by its class. */
export const inCode = plain.extend({
  hooks: z.array(entry.partial({ name: true }).extend({ hook: z.unknown().optional() })).default([]),
})
