import { z } from '@see/core'
import { resultsKey } from '../results/results-key.ts'

const seconds = z.number().positive().max(2_147_483)

const keys = z.object({
  results_folder: resultsKey('records and output'),
  timeout: seconds
    .default(600)
    .describe('Seconds that a command may run before it is killed, which is a failure.'),
  output_limit: z
    .int()
    .nonnegative()
    .max(1024 * 1024 * 1024)
    .default(1024 * 1024)
    .describe('Bytes that are kept of each output stream.'),
  agent_timeout: seconds.default(120).describe('Seconds to wait for the agent before each command.'),
  'agent-port': z
    .int()
    .min(1)
    .max(65_535)
    .optional()
    .describe(
      "The port of the Python reference's HTTP agent in the guest, which then takes the guest agent's place.",
    ),
  'agent-host': z
    .string()
    .regex(/^[\w.:-]+$/, 'expected an address or the name of a host')
    .optional()
    .describe(
      'Where the HTTP agent is until the event ip_address says it; the address of the guest when not given.',
    ),
  'agent-system': z
    .enum(['windows', 'posix'])
    .default('windows')
    .describe(
      'The system on which the HTTP agent runs: without it, an agent on posix loses all but the first word of a command.',
    ),
})

/** What CommandsHook is configured with. */
export const commandsSchema = keys.refine(
  (given) => given['agent-host'] === undefined || given['agent-port'] !== undefined,
  {
    path: ['agent-host'],
    error: 'also give "agent-port": the port of the HTTP agent',
  },
)

export type CommandsSettings = z.output<typeof commandsSchema>
