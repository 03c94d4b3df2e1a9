import { z } from 'zod'
import { commandRecordSchema } from './command-record.ts'
import { reportedErrorSchema } from './reported-error.ts'
import { warnings } from './warning.ts'

const count = z.int().min(0)

const file = z.object({
  path: z.string().describe('Its path relative to the folder of the evidence.'),
  bytes: count.describe('Its size, in bytes.'),
})

const sample = z.object({
  path: z.string().describe('Its absolute path as it was given; `-` for standard input.'),
  sha256: z.string().nullable().describe('The SHA-256 of the file that was given; null for a folder.'),
  is: z.string().describe('What it was recognised as, for people.'),
  entry: z
    .string()
    .nullable()
    .describe('The file of a folder or an archive that is the sample; null where it is all of it.'),
  entry_is: z.string().nullable().describe('What that file was recognised as.'),
  arguments: z.array(z.string()).describe('What it was started with.'),
  left_out: count.describe('Links and special files of an archive that were left out.'),
})

const command = commandRecordSchema
  .pick({
    event: true,
    status: true,
    command: true,
    sample: true,
    exit_code: true,
    signal: true,
    duration_ms: true,
    truncated: true,
    error: true,
  })
  .extend({
    record: z.string().describe('The path of its record on the host.'),
    stdout: z.string().describe('How its standard output begins.'),
    stderr: z.string().describe('How its standard error begins.'),
  })

const failure = z.object({
  event: z.string().describe('The event.'),
  handler: z.string().describe('The handler that failed, `owner.function`.'),
  message: z.string().describe('What it threw.'),
})

const ended = z.object({
  reason: z.string().describe('How it ended, such as `powered_off` or `crashed`.'),
  detail: z.string().describe('What is known of it, in one line.'),
  exit_code: z.number().nullable().describe('The exit code of QEMU; null where that is not known.'),
  signal: z.string().nullable().describe('The name of the signal that ended QEMU; null where none is known.'),
})

const guest = z.object({
  ended: z.array(ended).describe('Its ends that were not asked for, oldest first.'),
  reboots: count.describe('How often it rebooted.'),
})

const limit = z.object({
  limit: z.string().describe('The limit, such as `disk_mib`.'),
  bound: z.number().describe('What it is, in the unit of the limit.'),
  measured: z.number().describe('What was measured, in the same unit.'),
  action: z.string().describe('What was done: `killed`, `paused`, `refused` or `cut`.'),
  detail: z.string().describe('What happened, in one line.'),
})

const isolation = z.object({
  unprobed: z
    .string()
    .nullable()
    .default(null)
    .describe('Why nothing was tried; null where it was, or where the guest has no network interface.'),
  from: z.array(z.string()).describe('What it was seen not to reach, as expected.'),
  reached: z.array(z.string()).describe('What it reached though that is forbidden.'),
  missed: z
    .array(z.string())
    .default([])
    .describe('What it did not reach though that is allowed by name or address.'),
  unproved: z.array(z.string()).describe('What is not proved either way.'),
  duration_ms: count.describe('How long that took, in milliseconds.'),
})

/** What a case came to: `run.json`, which `npx see run --json` prints. */
export const runReportSchema = z.object({
  identifier: z.string().describe('The identifier of the environment.'),
  ok: z.boolean().describe('Whether nothing failed.'),
  exit_code: z.number().describe('What `npx see run` exits with.'),
  results_folder: z
    .string()
    .nullable()
    .describe('The folder of the evidence on the host; null when the run ended before there was any.'),
  files: z
    .array(file)
    .describe(
      'What is in the folder: first the files beside `run.json`, then those in folders; a thousand at most.',
    ),
  files_omitted: count.describe('How many files there are beyond those.'),
  sample: sample.nullable().describe('The sample; null when there is none, or it was not looked at.'),
  events: count.describe('How many events were fired.'),
  commands: z.array(command).describe('Commands and samples that were run in the guest.'),
  failures: z.array(failure).describe('Handlers that failed.'),
  isolation: isolation
    .nullable()
    .optional()
    .describe(
      'What the guest was isolated from, as a probe in it saw before the sample was run; null where none was run.',
    ),
  guest: guest.describe('What the guest did that it was not asked to.'),
  limits: z
    .array(limit)
    .optional()
    .describe('The limits that were reached, oldest first; none in reports from before there were any.'),
  warnings: warnings.describe('What the evidence lacks.'),
  error: reportedErrorSchema.nullable().describe('What made the run fail; null where nothing did.'),
})

/** What a case came to: `run.json`, which `npx see run --json` prints. */
export type StoredRunReport = z.output<typeof runReportSchema>
