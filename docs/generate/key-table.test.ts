import { z } from '@see/core'
import { expect, test } from 'vitest'
import { jsonSchemaOf } from './json-schema.ts'
import { keyTable } from './key-table.ts'

test('keys, those of objects and lists in them, types, bounds and defaults', () => {
  const place = z.strictObject({ path: z.string().describe('Where.') })
  const schema = z.strictObject({
    count: z.int().min(1).max(9).default(3).describe('How many.'),
    places: z.union([place, z.array(place)]).describe('One or several.'),
    kind: z.enum(['a', 'b']).optional().describe('Either.'),
  })
  expect(keyTable(jsonSchemaOf(schema)).split('\n').slice(2)).toEqual([
    '| `count` | whole number, at least 1, at most 9 | `3` | How many. |',
    '| `places` | object or list of objects | required | One or several. |',
    '| `places.path` | text | required | Where. |',
    '| `kind` | `a`, `b` | | Either. |',
  ])
})

test('a key without a description is an error', () => {
  const schema = z.strictObject({ outer: z.strictObject({ inner: z.string() }).describe('Outer.') })
  expect(() => keyTable(jsonSchemaOf(schema))).toThrow('the key outer.inner has no description')
})
