import { z } from 'zod'

const line = z.object({
  target: z
    .enum(['internet', 'host', 'lan', 'metadata', 'dns', 'ipv6'])
    .describe('What the guest tried to reach.'),
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
  mode: z.string().describe('The mode of the network.'),
  attempts: z.array(line).describe('What the guest tried, all at the same time.'),
  duration_ms: z.int().min(0).describe('How long it took, in milliseconds.'),
  unprobed: z.string().nullable().describe('Why the guest tried nothing; null where it did.'),
})

/** What a sandbox was seen to be isolated from. */
export type Isolation = z.output<typeof isolationSchema>
