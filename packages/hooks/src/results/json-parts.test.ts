import { array, assert, jsonValue, oneof, property, record } from 'fast-check'
import { expect, test } from 'vitest'
import { escapedJson } from './escape-text.ts'
import { jsonParts } from './json-parts.ts'

test('the parts are the same text as the whole', () => {
  const value = oneof(jsonValue(), array(jsonValue()))
  const report = record({ first: value, 'second\u001b': value, 'in\nlines': value })
  assert(property(report, (each) => [...jsonParts(each)].join('') === `${escapedJson(each, 2)}\n`))
})

test('no part is much longer than its entries', () => {
  const files = Array.from({ length: 10_000 }, (_, index) => ({ path: `/file-${index}`, changes: [] }))
  const parts = [...jsonParts({ files, errors: [] })]
  expect(parts.length).toBeGreaterThan(5)
  expect(JSON.parse(parts.join(''))).toEqual({ files, errors: [] })
})
