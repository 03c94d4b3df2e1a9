import { z } from 'zod'

/** The version of the timeline that this package writes about. */
export const TIMELINE_VERSION = 2

const sequence = z.int().min(1).describe('The number of the event, in the order in which events were fired.')
const run = z
  .int()
  .min(1)
  .describe('The number of the run among those of its event: a handler may be subscribed more than once.')
const handler = z.string().describe('Who subscribed the handler and its function’s name, `owner.function`.')
const asynchronous = z.boolean().describe('Whether the event did not wait for the handler.')
const times = {
  timestamp: z.number().describe('When, in milliseconds since the epoch, by the clock of this host.'),
  t: z.number().describe('When, in milliseconds since the first line, by a clock that is never set.'),
}

/** The first line of a timeline. */
export const versionLineSchema = z.object({
  type: z.literal('see-timeline').describe('The first line of a timeline.'),
  version: z.literal(TIMELINE_VERSION).describe('The version of the lines.'),
  identifier: z.string().describe('The identifier of the environment.'),
  timestamp: z.number().describe('When the timeline began, in milliseconds since the epoch.'),
  monotonic: z
    .number()
    .describe(
      'When it began by the monotonic clock of this host, in milliseconds: `t` is counted from here.',
    ),
})

/** An event, as it is fired, before its handlers run. */
export const eventLineSchema = z.object({
  type: z.literal('event').describe('An event as it is fired, before its handlers run.'),
  sequence,
  parent: z
    .int()
    .min(1)
    .optional()
    .describe('The number of the event inside whose synchronous handler this one was fired.'),
  name: z.string().describe('The name of the event.'),
  origin: z.string().describe('Who fired it.'),
  timestamp: z
    .number()
    .describe('When it was made, in milliseconds since the epoch, by the clock of this host.'),
  t: z
    .number()
    .describe('When it was fired, in milliseconds since the first line, by a clock that is never set.'),
  attributes: z.record(z.string(), z.unknown()).describe('Its attributes, where JSON can hold them.'),
  attributes_cut: z
    .literal(true)
    .optional()
    .describe('There where something of the attributes was left out: they were too long or too deep.'),
})

/** A handler that begins. */
export const handlerStartLineSchema = z.object({
  type: z.literal('handler_start').describe('A handler begins.'),
  sequence,
  run,
  handler,
  asynchronous,
  ...times,
})

/** A handler that has ended. */
export const handlerEndLineSchema = z.object({
  type: z.literal('handler_end').describe('A handler has ended.'),
  sequence,
  run,
  handler,
  asynchronous,
  ...times,
  durationMs: z.number().describe('How long it took, in milliseconds.'),
  error: z.string().optional().describe('What it threw; not there when it did not.'),
})

/** A line of a timeline after its first. */
export const timelineLineSchema = z.discriminatedUnion('type', [
  eventLineSchema,
  handlerStartLineSchema,
  handlerEndLineSchema,
])

/** The first line of a timeline. */
export type VersionLine = z.output<typeof versionLineSchema>
/** An event, as it is fired, before its handlers run. */
export type EventLine = z.output<typeof eventLineSchema>
/** A handler that begins. */
export type HandlerStartLine = z.output<typeof handlerStartLineSchema>
/** A handler that has ended. */
export type HandlerEndLine = z.output<typeof handlerEndLineSchema>
/** A line of a timeline after its first. */
export type TimelineLine = z.output<typeof timelineLineSchema>
