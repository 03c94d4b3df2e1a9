import { SeeError, type SeeEvent, z } from '@see/core'

/** What is to be run: a command, a sample, or a command on a sample. */
export interface CommandRequest {
  readonly command: string | undefined
  readonly sample: string | undefined
  readonly inBackground: boolean
}

const command = z.string().min(1).max(32_768)
const async_flag = z.boolean().optional()
const runCommand = z.object({ command, sample: z.undefined().optional(), async_flag })
const runSample = z.object({ command: command.optional(), sample: z.string().min(1), async_flag })

/**
 * Reads an event's attributes: one fired by a timer or from a configuration was seen by no compiler.
 * @throws SeeError `CONFIGURATION_INVALID`
 */
export function requestOf(event: SeeEvent): CommandRequest {
  const parsed = (event.name === 'run_sample' ? runSample : runCommand).safeParse(event)
  if (parsed.success) {
    const { sample, async_flag: inBackground = false } = parsed.data
    return { command: parsed.data.command, sample, inBackground }
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
