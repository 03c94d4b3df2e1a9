import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { indented, printable, printableJson, printableLine } from './printable.ts'

const OBEYED = /[\p{C}\u2028\u2029]/u

test('of any text, a line holds nothing that a terminal obeys, and several lines only breaks and tabs', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      expect(printableLine(text)).not.toMatch(OBEYED)
      expect(printable(text).replaceAll(/[\n\t]/g, '')).not.toMatch(OBEYED)
    }),
  )
})

test('any value is the same after JSON that holds nothing that a terminal obeys', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: 'binary' })), (value) => {
      const json = printableJson(value, 2)
      expect(json.replaceAll('\n', '')).not.toMatch(OBEYED)
      expect(JSON.parse(json)).toEqual(value)
    }),
  )
})

test('what is seen is left as it is', () => {
  expect(printable('größe 大 \u{1f600}\n\tx')).toBe('größe 大 \u{1f600}\n\tx')
  expect(printableLine('a\u001b[31m\u202e\n')).toBe('a\\u{1b}[31m\\u{202e}\\u{a}')
  expect(indented('one\ntwo', 2)).toBe('one\n  two')
})
