import { hooksFile } from '@see/core'
import { hookBoundKeys } from '@see/core/hook-bounds'
import { DRAFT, type JsonSchema, jsonSchemaOf, when, whereNamed } from './json-schema.ts'
import { stockHooks } from './stock.ts'

/** Every hook may have them. */
const bounds = jsonSchemaOf(hookBoundKeys).properties ?? {}

/**
 * A hook's own configuration: every key must be known, and none is required, for the generic configuration
 * may have it.
 */
function configurationOf(schema: JsonSchema): JsonSchema {
  const { required: _, properties, ...rest } = schema
  return { ...rest, properties: { ...bounds, ...properties }, additionalProperties: false }
}

const entry = {
  allOf: stockHooks.map(({ name, names }) =>
    whereNamed('name', names, { configuration: { $ref: `#/$defs/${name}` } }),
  ),
}

/** What most hooks know. The types of all other keys depend on the hooks that are named. */
const generic = {
  results_folder: { type: 'string', minLength: 1, description: 'The folder for what the hooks leave.' },
  ...bounds,
} as const

/** Editors offer the stock hooks' names; any other is as good. */
const names = { anyOf: [{ enum: stockHooks.flatMap((hook) => hook.names) }, {}] }

function plain(): JsonSchema {
  const schema = jsonSchemaOf(hooksFile.plain)
  const { configuration, hooks } = schema.properties ?? {}
  if (typeof configuration !== 'object' || typeof hooks !== 'object') throw new Error('no hooks file')
  const { items } = hooks
  if (typeof items !== 'object' || Array.isArray(items)) throw new Error('no list of hooks')
  const name = items.properties?.['name']
  if (typeof name !== 'object') throw new Error('hooks without a name')
  const own = { ...items.properties, name: { ...name, ...names } }
  return {
    ...schema,
    properties: {
      ...schema.properties,
      configuration: { ...configuration, properties: generic },
      hooks: { ...hooks, items: { ...items, properties: own, ...entry } },
    },
  }
}

/** The schema of hooks files, in both spellings. */
export function hooksSchema(): JsonSchema {
  const { properties, ...wrapped } = jsonSchemaOf(hooksFile.wrapped)
  return {
    $schema: DRAFT,
    title: 'Hooks of SEE',
    type: 'object',
    // Which of the two it is must be known for an editor to say what is wrong in it.
    ...when(
      { properties: { hooks: { type: 'object' } }, required: ['hooks'] },
      { ...wrapped, properties: { ...properties, hooks: { $ref: '#/$defs/hooks' } } },
      { $ref: '#/$defs/hooks' },
    ),
    $defs: {
      hooks: plain(),
      ...Object.fromEntries(
        stockHooks.map(({ name, schema }) => [name, configurationOf(jsonSchemaOf(schema))]),
      ),
    },
  }
}
