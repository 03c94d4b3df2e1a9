import { expect, test } from 'vitest'
import { sizeOption } from './size-option.ts'

test('a size is read in its unit', () => {
  expect([sizeOption('800M'), sizeOption('2G'), sizeOption('1024G')]).toEqual([800, 2048, 1_048_576])
})

test.each([['0M'], ['2'], ['1.5G'], ['2g'], ['-1M'], ['1025G'], ['12345678M'], ['2T'], [' 2G']])(
  '%j is refused',
  (text) => {
    expect(() => sizeOption(text)).toThrow(/such as 800M or 2G/)
  },
)
