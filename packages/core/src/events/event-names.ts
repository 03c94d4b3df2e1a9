import { z } from 'zod'

const eventName = z.string().regex(/^\S+$/, 'expected the name of an event').brand<'ConfiguredEventName'>()

/** An event's name that came from a configuration file, so that the compiler cannot know it. */
export type ConfiguredEventName = z.output<typeof eventName>

/** One event's name or a list of them, as hooks are configured with; parsed to a list. */
export const eventNames = z.union([eventName.transform((name) => [name]), z.array(eventName)])

/** The keys of a configuration that were parsed by `eventNames`, however wrapped, with the names. */
export function eventKeys(
  configuration: Readonly<Record<string, unknown>>,
  schema: z.ZodObject,
): { key: string; names: readonly string[] }[] {
  return Object.entries(schema.shape).flatMap(([key, type]) => {
    if (innermost(type) !== eventNames) return []
    return [{ key, names: z.array(z.string()).parse(configuration[key] ?? []) }]
  })
}

/** What defaults, descriptions and the like are put around. */
function innermost(type: unknown): unknown {
  return type instanceof z.ZodType && 'innerType' in type.def ? innermost(type.def.innerType) : type
}
