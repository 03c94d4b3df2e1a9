import { expect, test } from 'vitest'
import { formatUuid, parseUuid } from './uuid.ts'

test('a UUID is 16 bytes and back', () => {
  const text = '00112233-4455-6677-8899-aabbccddeeff'
  expect(parseUuid(text).toString('hex')).toBe('00112233445566778899aabbccddeeff')
  expect(formatUuid(parseUuid(text.toUpperCase()))).toBe(text)
  expect(formatUuid(parseUuid(text.replaceAll('-', '')))).toBe(text)
})

test.each(['', '0011', '00112233-4455-6677-8899-aabbccddeefg'])("'%s' is none", (text) => {
  expect(() => parseUuid(text)).toThrow(TypeError)
})
