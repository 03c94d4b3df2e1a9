import { expect, test } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

test('a line may come byte by byte', () => {
  const lines = new LineBuffer(10_000)
  const text = 'abcdefg'.repeat(1000)
  const bytes = `${text}\n${text}`.split('')
  const found = bytes.flatMap((byte) => lines.push(Buffer.from(byte)))
  expect(found.map(String)).toEqual([text])
  expect(lines.push(Buffer.from('\n\n')).map(String)).toEqual([text, ''])
})

test('a line that is too long is forgotten', () => {
  const lines = new LineBuffer(4)
  lines.push(Buffer.from('abcd'))
  expect(() => lines.push(Buffer.from('e'))).toThrow('more than 4 bytes')
  expect(lines.push(Buffer.from('f\n')).map(String)).toEqual(['f'])
})
