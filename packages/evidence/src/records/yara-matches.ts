import { z } from 'zod'
import { warnings } from './warning.ts'

const matchedString = z.object({
  offset: z.number().describe('Where it is in the file, in bytes.'),
  name: z.string().describe('Its name in the rule, such as `$a`.'),
  data: z.string().describe('What is there, as YARA prints it: what cannot be printed is escaped.'),
})

const match = z.object({
  rule: z.string().describe('The name of the rule.'),
  rules_file: z
    .string()
    .nullable()
    .describe('The file of rules that it is in; null where several files have the same name.'),
  file: z.string().describe('The path of the scanned file on the host.'),
  strings: z.array(matchedString).describe('The first of the strings that matched.'),
  string_count: z.number().describe('How many strings matched.'),
  cut: z.boolean().describe('Whether there were more strings, or longer ones, than are here.'),
})

const skipped = z.object({
  file: z.string().describe('The path of the file on the host.'),
  why: z.string().describe('Why it was not scanned.'),
})

/** What YARA found in evidence. */
export const yaraMatchesSchema = z.object({
  scanned: z.array(z.string()).describe('The paths of the scanned files on the host.'),
  skipped: z.array(skipped).describe('Files that were not scanned.'),
  matches: z.array(match).describe('A rule that matched in a file, each.'),
  warnings: warnings.describe('What the scan lacks.'),
})

/** What YARA found in evidence. */
export type YaraMatches = z.output<typeof yaraMatchesSchema>
