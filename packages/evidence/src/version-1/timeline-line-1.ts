import { z } from 'zod'

const run = {
  handler: z.string(),
  asynchronous: z.boolean(),
  durationMs: z.number().optional(),
  error: z.string().optional(),
}

/** An event of a timeline of version 1, which was written when its synchronous handlers had run. */
const event = z.object({
  type: z.literal('event'),
  sequence: z.int().min(1),
  parent: z.int().min(1).optional(),
  name: z.string(),
  origin: z.string(),
  timestamp: z.number(),
  attributes: z.record(z.string(), z.unknown()),
  attributes_cut: z.literal(true).optional(),
  handlers: z.array(z.object(run)),
})

/** An asynchronous handler that ended after its event was written. */
const handler = z.object({
  type: z.literal('handler'),
  sequence: z.int().min(1),
  timestamp: z.number(),
  ...run,
})

/** A line of a timeline of version 1. */
export const lineSchema1 = z.discriminatedUnion('type', [event, handler])

export type EventLine1 = z.output<typeof event>
export type HandlerLine1 = z.output<typeof handler>
