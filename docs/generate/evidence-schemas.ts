import {
  eventLineSchema,
  handlerEndLineSchema,
  handlerStartLineSchema,
  manifestSchema,
  recordSchemas,
  sinkholeRequestSchema,
  versionLineSchema,
} from '@see/evidence'
import { z } from '@see/core'
import { DRAFT, type JsonSchema, jsonSchemaOf } from './json-schema.ts'

/** The lines of a timeline, by their type. */
export const timelineLines: readonly z.ZodObject[] = [
  versionLineSchema,
  eventLineSchema,
  handlerStartLineSchema,
  handlerEndLineSchema,
]

/** The name of the schema for a kind of file, or for the lines in it. */
export function evidenceSchemaName(kind: string): string {
  return `evidence-${kind.replaceAll('_', '-')}.schema.json`
}

/** The kinds that hold a JSON value in each line. */
const ofLines: Readonly<Record<string, z.ZodType>> = {
  timeline: z.union(timelineLines),
  sinkhole_requests: sinkholeRequestSchema,
}

/** The schemas of the format of evidence, by the names of their files. */
export function evidenceSchemas(): Record<string, JsonSchema> {
  const schemas: Readonly<Record<string, z.ZodType>> = {
    manifest: manifestSchema,
    ...recordSchemas,
    ...ofLines,
  }
  return Object.fromEntries(
    Object.entries(schemas).map(([kind, schema]) => {
      const what = kind in ofLines ? `a line of ${kind}` : kind
      const title = `Evidence of SEE: ${what.replaceAll('_', ' ')}`
      return [evidenceSchemaName(kind), { $schema: DRAFT, title, ...jsonSchemaOf(schema) }]
    }),
  )
}
