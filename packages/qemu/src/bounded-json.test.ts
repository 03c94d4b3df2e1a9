import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { parseBoundedJson } from './bounded-json.ts'

const MIB = 1024 * 1024

test('is JSON.parse for what is neither deep nor has many items', () => {
  fc.assert(
    fc.property(fc.json({ maxDepth: 20 }), (text) => {
      expect(parseBoundedJson(text)).toEqual(JSON.parse(text))
    }),
  )
})

test.each(['["[[[[", "\\"[,,", "\\\\"]', '"\\u005b\\\\\\""', '{"{": "}"}', ' 1 ', 'null'])(
  'brackets in strings do not count: %s',
  (text) => {
    expect(parseBoundedJson(text.replaceAll('[[[[', '['.repeat(1000)))).toEqual(
      JSON.parse(text.replaceAll('[[[[', '['.repeat(1000))),
    )
  },
)

test.each(['', '[', '"', '"\\', ']]]', '{"a":}', '['.repeat(60)])('what is none is refused: %s', (text) => {
  expect(() => parseBoundedJson(text)).toThrow(SyntaxError)
})

test.each([
  ['nests', `${'['.repeat(65)}${']'.repeat(65)}`, /deeper than 64/],
  ['nests without end', '['.repeat(9 * MIB), /deeper than 64/],
  ['has objects only', `[${'{},'.repeat(3 * MIB)}{}]`, /more than 100000 items/],
  ['has numbers only', `[${'1,'.repeat(4 * MIB)}1]`, /more than 100000 items/],
])('what %s is refused before anything is made of it', (_what, text, message) => {
  const before = process.memoryUsage().rss
  expect(() => parseBoundedJson(text)).toThrow(message)
  expect(process.memoryUsage().rss - before).toBeLessThan(64 * MIB)
})

test('64 levels and 100,000 items are allowed', () => {
  expect(parseBoundedJson(`${'['.repeat(64)}${']'.repeat(64)}`)).toBeInstanceOf(Array)
  expect(parseBoundedJson(`[${'1,'.repeat(99_998)}1]`)).toHaveLength(99_999)
})
