import { z } from '@see/core'

export type JsonSchema = z.core.JSONSchema.JSONSchema

export const DRAFT = 'https://json-schema.org/draft/2020-12/schema'

/** What a user may write, as JSON Schema. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, {
    io: 'input',
    override: ({ jsonSchema }) => {
      // Zod's own name for it; the pattern beside it says the same.
      if (jsonSchema.format === 'starts_with') delete jsonSchema.format
    },
  })
  return rest
}

/** The keys of an object, with their schemas. */
export function keysOf({ properties = {} }: JsonSchema): [key: string, schema: JsonSchema][] {
  return Object.entries(properties).flatMap(([key, schema]) =>
    typeof schema === 'boolean' ? [] : [[key, schema]],
  )
}

const CHOICE = ['if', 'then', 'else']

/** A choice, by which an editor knows which of two is meant. */
export function when(
  ...parts: [condition: JsonSchema, then: JsonSchema, otherwise?: JsonSchema]
): JsonSchema {
  // An object that is written with a `then` might be taken for a promise.
  return Object.fromEntries(parts.map((part, index) => [CHOICE[index], part]))
}

/** Under the names of a thing that stand at `key`, what the keys beside it have to fit. */
export function whereNamed(
  key: string,
  names: readonly string[],
  properties: Record<string, JsonSchema>,
): JsonSchema {
  return when({ required: [key], properties: { [key]: { enum: [...names] } } }, { properties })
}
