import { z } from 'zod'
import { warnings } from './warning.ts'

/** A program that was run over evidence. */
export const analysisRecordSchema = z.object({
  event: z.string().describe('The event that the evidence came with.'),
  evidence: z.string().describe('The path of the evidence on the host.'),
  command: z.array(z.string()).describe('The program and its arguments.'),
  status: z.enum(['running', 'finished', 'failed']).describe('How far it came.'),
  exit_code: z.number().nullable().describe('Its exit code; null where it was killed, or has not ended.'),
  exceeded: z
    .enum(['time', 'memory', 'output'])
    .nullable()
    .describe('The bound at which it was killed; null where it was not.'),
  started: z.string().describe('When it was started, in ISO 8601.'),
  duration_ms: z.number().nullable().describe('How long it ran, in milliseconds; null while it runs.'),
  error: z.string().nullable().describe('What went wrong; null where nothing did.'),
  warnings: warnings.describe('What the analysis lacks.'),
})

/** A program that was run over evidence. */
export type AnalysisRecord = z.output<typeof analysisRecordSchema>
