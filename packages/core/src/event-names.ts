import { z } from 'zod'

const eventName = z.string().regex(/^\S+$/, 'expected the name of an event').brand<'ConfiguredEventName'>()

/** An event's name that came from a configuration file, so that the compiler cannot know it. */
export type ConfiguredEventName = z.output<typeof eventName>

/** One event's name or a list of them, as hooks are configured with; parsed to a list. */
export const eventNames = z.union([eventName.transform((name) => [name]), z.array(eventName)])
