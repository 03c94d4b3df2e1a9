import { z } from 'zod'

const line = z.object({
  target: z
    .enum(['internet', 'host', 'lan', 'metadata', 'dns', 'ipv6', 'raw', 'neighbours', 'allowed'])
    .describe(
      'What the guest tried to reach; `raw` is the host by a frame with a forged sender, `neighbours` are other guests of its network, `allowed` is what its network allows by name or address.',
    ),
  tried: z.string().describe('The address and port, or the name, that it tried.'),
  expected: z
    .enum(['allowed', 'forbidden', 'sunk'])
    .describe('What the network mode says; `sunk` where it is answered inside of SEE.'),
  seen: z
    .enum(['reached', 'blocked', 'unknown'])
    .describe('What was seen; `unknown` where the guest had no means to try.'),
  by: z.enum(['host', 'guest']).describe('Who saw it. The guest may lie.'),
  control: z
    .boolean()
    .nullable()
    .describe('Whether the host of SEE reaches the same; null where that was not tried.'),
  verdict: z
    .enum(['as_expected', 'mismatch', 'less', 'unproved'])
    .describe(
      'What follows: `less` is less than what is allowed; `unproved` that nothing is proved, for example since the host does not reach it either.',
    ),
})

/** What a sandbox was seen to be isolated from, before its sample was run. */
export const isolationSchema = z.object({
  mode: z.string().nullable().describe('The mode of the network; null where it is not known.'),
  attempts: z.array(line).describe('What the guest tried, all at the same time.'),
  from: z
    .number()
    .optional()
    .describe('When it began, in milliseconds since the epoch; its packets are in a trace from then on.'),
  to: z.number().optional().describe('When it ended, in milliseconds since the epoch.'),
  duration_ms: z.int().min(0).describe('How long it took, in milliseconds.'),
  unprobed: z
    .string()
    .nullable()
    .describe('Why the guest tried nothing; null where it did, or where the guest has no network interface.'),
})

/** What a sandbox was seen to be isolated from. */
export type Isolation = z.output<typeof isolationSchema>
