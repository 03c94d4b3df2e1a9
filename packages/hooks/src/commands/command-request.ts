import { SeeError, type SeeEvent, z } from '@see/core'

/** What to run: a command, a sample, or a command on a sample. */
export interface CommandRequest {
  readonly command: string | undefined
  /** A file or folder of this host. */
  readonly sample: string | undefined
  /** The file of a folder that is the sample. */
  readonly entry: string | undefined
  /** The SHA-256 that the sample, or its entry, must have; any when undefined. */
  readonly sha256: string | undefined
  /** What a sample without a command is started with. */
  readonly words: readonly string[]
  readonly inBackground: boolean
}

const command = z.string().min(1).max(32_768)
const async_flag = z.boolean().optional()
const none = z.undefined().optional()
const runCommand = z.object({ command, sample: none, entry: none, sha256: none, arguments: none, async_flag })
const runSample = z
  .object({
    command: command.optional(),
    sample: z.string().min(1),
    entry: z.string().min(1).optional(),
    sha256: z.string().optional(),
    arguments: z.array(z.string()).optional(),
    async_flag,
  })
  .refine(({ command: line, arguments: words = [] }) => line === undefined || words.length === 0, {
    path: ['arguments'],
    message: 'belong in the command where there is one',
  })

/**
 * Reads an event's attributes: one fired by a timer or from a configuration was seen by no compiler.
 * @throws SeeError `CONFIGURATION_INVALID`
 */
export function requestOf(event: SeeEvent): CommandRequest {
  const parsed = (event.name === 'run_sample' ? runSample : runCommand).safeParse(event)
  if (parsed.success) {
    const { sample, entry, sha256, arguments: words = [], async_flag: inBackground = false } = parsed.data
    return { command: parsed.data.command, sample, entry, sha256, words, inBackground }
  }
  const problems = parsed.error.issues.map(({ path, message }) => `"${path.join('.')}": ${message}`)
  throw new SeeError(
    'CONFIGURATION_INVALID',
    `event ${event.name} cannot be carried out: ${problems.join('; ')}`,
    {
      cause: parsed.error,
    },
  )
}
