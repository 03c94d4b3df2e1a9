import { type JsonSchema, keysOf } from './json-schema.ts'
import { table } from './table.ts'

/** A table of all keys of an object, those of objects within it too. */
export function keyTable(schema: JsonSchema, leaveOut: readonly string[] = []): string {
  const rows = rowsOf(schema).filter(([key]) => !leaveOut.includes(key))
  return table(
    ['key', 'type', 'default', 'meaning'],
    rows.map(([key, ...cells]) => [`\`${key}\``, ...cells]),
  )
}

type Row = [key: string, type: string, initial: string, meaning: string]

/** A row for each key of an object, and of objects within it. */
export function rowsOf(schema: JsonSchema, prefix = ''): Row[] {
  return keysOf(schema).flatMap(([name, each]): Row[] => {
    const key = `${prefix}${name}`
    const { description } = each
    if (description === undefined) throw new Error(`the key ${key} has no description: add .describe('…')`)
    const required = schema.required?.includes(name) === true
    const row: Row = [key, typeOf(each), required ? 'required' : initialOf(each), description]
    return [row, ...within(each).flatMap((inner) => rowsOf(inner, `${key}.`))]
  })
}

/** The objects whose keys are described under a key's own name; for one or a list of them, once. */
function within(schema: JsonSchema): JsonSchema[] {
  if (schema.properties !== undefined) return [schema]
  return [
    ...(schema.anyOf ?? [])
      .slice(0, 2)
      .flatMap((member) => within(member))
      .slice(0, 1),
    ...(typeof schema.items === 'object' && !Array.isArray(schema.items) ? within(schema.items) : []),
  ]
}

function initialOf({ default: initial }: JsonSchema): string {
  if (initial === undefined) return ''
  return `\`${typeof initial === 'string' ? initial : JSON.stringify(initial)}\``
}

const EVENT = /^\^\\S\+\$$/

/** In words. */
function typeOf(schema: JsonSchema): string {
  const { anyOf, enum: values, const: value, type, pattern } = schema
  if (Array.isArray(type)) return type.map((each) => typeOf({ ...schema, type: each })).join(' or ')
  if (anyOf !== undefined) return anyOf.map((member) => typeOf(member)).join(' or ')
  if (value !== undefined) return `\`${JSON.stringify(value)}\``
  if (values !== undefined) return values.map((each) => `\`${String(each)}\``).join(', ')
  if (type === 'array')
    return `list of ${typeof schema.items === 'object' && !Array.isArray(schema.items) ? plural(typeOf(schema.items)) : 'anything'}`
  if (type === 'string') return EVENT.test(pattern ?? '') ? 'event' : 'text'
  if (type === 'integer' || type === 'number')
    return `${type === 'integer' ? 'whole number' : 'number'}${boundsOf(schema)}`
  if (type === 'null') return '`null`'
  if (type === 'boolean') return '`true` or `false`'
  return 'object'
}

function plural(type: string): string {
  return /^(?:event|text|object|number)$/.test(type) ? `${type}s` : type
}

function boundsOf({ minimum, exclusiveMinimum, maximum }: JsonSchema): string {
  const bounds = [
    // The least and the greatest that JavaScript can count with are no bounds of ours.
    minimum === undefined || minimum === Number.MIN_SAFE_INTEGER ? '' : `at least ${minimum}`,
    exclusiveMinimum === undefined ? '' : `above ${exclusiveMinimum}`,
    maximum === undefined || maximum === Number.MAX_SAFE_INTEGER ? '' : `at most ${maximum}`,
  ].filter((bound) => bound !== '')
  return bounds.map((bound) => `, ${bound}`).join('')
}
