import { z } from 'zod'

type Path = readonly PropertyKey[]
type JsonSchema = z.core.JSONSchema.JSONSchema

/** What the key at a path is for, as its schema describes it, to be put behind its name; empty where it does not. */
export function purposeAt(schema: z.ZodType, path: Path): string {
  const described = partsAt(schema, path).find(({ description }) => description !== undefined)
  const [sentence = ''] = (described?.description ?? '').split(/(?<=\.) /)
  return sentence === '' ? '' : `: ${sentence.replaceAll('`', '"')}`
}

/** The keys that the object at a path may have. */
export function keysAt(schema: z.ZodType, path: Path): string[] {
  return [...new Set(partsAt(schema, path).flatMap((part) => Object.keys(part.properties ?? {})))]
}

/** Whether an object may have keys that its schema does not name. */
export function takesAnyKey({ def }: z.ZodObject): boolean {
  return def.catchall !== undefined && !(def.catchall instanceof z.ZodNever)
}

/** The schemas of what may be at a path: several where a value may be of several kinds. */
function partsAt(schema: z.ZodType, path: Path): JsonSchema[] {
  let parts = kindsOf(jsonSchemaOf(schema))
  for (const key of path) parts = parts.flatMap((part) => kindsOf(within(part, key)))
  return parts
}

/** Undefined for a user's own schema that has none, for example because two of its parts have one id. */
function jsonSchemaOf(schema: z.ZodType): unknown {
  try {
    return z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' })
  } catch {
    return undefined
  }
}

function within({ properties, items, additionalProperties }: JsonSchema, key: PropertyKey): unknown {
  if (typeof key === 'number') return items
  const name = String(key)
  return properties !== undefined && Object.hasOwn(properties, name) ? properties[name] : additionalProperties
}

/** A schema, and those that it is a choice or a combination of. */
function kindsOf(schema: unknown): JsonSchema[] {
  if (!isSchema(schema)) return []
  const members = [...(schema.anyOf ?? []), ...(schema.oneOf ?? []), ...(schema.allOf ?? [])]
  return [schema, ...members.flatMap(kindsOf)]
}

function isSchema(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
