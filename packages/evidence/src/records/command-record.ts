import { z } from 'zod'

const bytes = z.int().min(0)

/** A command or sample that was run in the guest. */
export const commandRecordSchema = z.object({
  event: z.string().describe('The event that asked for it: `run_command` or `run_sample`.'),
  status: z
    .enum(['preparing', 'running', 'finished', 'failed'])
    .describe('How far it came; `running` of a guest that is gone did not end before it.'),
  command: z
    .string()
    .nullable()
    .describe(
      'As it was given to the guest; null for a sample that is executed itself and not brought in yet.',
    ),
  sample: z.string().nullable().describe('The path of the sample on the host; null without a sample.'),
  sha256: z
    .string()
    .nullable()
    .describe('The SHA-256 of the sample, in hexadecimal; null without a sample, or before it was read.'),
  guest_path: z.string().nullable().describe('The path of the sample in the guest.'),
  exit_code: z
    .number()
    .nullable()
    .describe('Its exit code; null where a signal ended it, or it is not known.'),
  signal: z.number().nullable().describe('The number of the signal that ended it; null where none did.'),
  started: z.string().nullable().describe('When the guest was asked to run it, in ISO 8601.'),
  duration_ms: z.number().nullable().describe('How long it ran, in milliseconds; null while it runs.'),
  truncated: z
    .boolean()
    .describe('Whether an output stream was longer than is kept, or than the guest had room for.'),
  lost: z
    .string()
    .nullable()
    .describe('Why output, or the exit code, was lost in the guest; null where none was.'),
  output_open: z
    .boolean()
    .describe('Whether programs that it left running can, or could when their guest ended, print more.'),
  late_bytes: z
    .object({
      stdout: bytes.describe('Bytes at the end of the standard output.'),
      stderr: bytes.describe('Bytes at the end of the standard error.'),
    })
    .describe('How much of the output such programs printed, once the command was known to have ended.'),
  error: z.string().nullable().describe('What went wrong; null where nothing did.'),
})

/** A command or sample that was run in the guest. */
export type CommandRecord = z.output<typeof commandRecordSchema>
