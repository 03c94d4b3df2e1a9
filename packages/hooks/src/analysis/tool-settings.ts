import { z } from '@see/core'
import { splitWords } from './split-words.ts'

const MIB = 1024 * 1024

/** A command: a list of words, or a line that is split into them. */
export const commandWords = z
  .union([z.string().transform((line) => splitWords(line) ?? []), z.array(z.string())])
  .pipe(z.tuple([z.string().min(1)], z.string(), 'expected a program and its arguments, with quotes closed'))

/** One path or several. */
export const paths = z.union([
  z
    .string()
    .min(1)
    .transform((path) => [path]),
  z.array(z.string().min(1)),
])

/** The bounds that every hook that runs a tool over evidence is configured with. */
export const boundKeys = {
  timeout: z.number().positive().max(2_147_483).default(600).describe('Seconds that the tool may run.'),
  memory_limit: z
    .int()
    .positive()
    .max(1_048_576)
    .default(2048)
    .describe('MiB of memory that it may use, beside the evidence that it maps.'),
  output_limit: z
    .int()
    .positive()
    .max(1024 * MIB)
    .default(64 * MIB)
    .describe('Bytes that are kept of each output stream, and that it may write to files.'),
}
