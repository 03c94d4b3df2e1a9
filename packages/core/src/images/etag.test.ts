import { expect, test } from 'vitest'
import { partSizes } from './etag.ts'

const MEBIBYTE = 1024 ** 2

test.each([
  [11 * MEBIBYTE, 3, 5 * MEBIBYTE],
  [20 * MEBIBYTE + 1, 3, 8 * MEBIBYTE],
  [1000 * MEBIBYTE, 4, 256 * MEBIBYTE],
  [12_345_678, 2, 10 * MEBIBYTE],
])('of %i bytes in %i parts, a part may have had %i', (bytes, count, size) => {
  expect(partSizes(bytes, count)).toContain(size)
  for (const each of partSizes(bytes, count)) expect(Math.ceil(bytes / each)).toBe(count)
})

test('a count that no size gives has no candidates', () => {
  expect(partSizes(2, 5)).toEqual([])
})
