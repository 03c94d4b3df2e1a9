import { expect, test } from 'vitest'
import { LineBuffer } from './line-buffer.ts'

test('a line may come byte by byte', () => {
  const lines = new LineBuffer(10_000)
  const text = 'abcdefg'.repeat(1000)
  const bytes = `${text}\n${text}`.split('')
  const found = bytes.flatMap((byte) => lines.push(Buffer.from(byte)))
  expect(found.map(String)).toEqual([text])
  expect(lines.push(Buffer.from('\n\n')).map(String)).toEqual([text])
})

test('a line that is too long is forgotten', () => {
  const lines = new LineBuffer(4)
  lines.push(Buffer.from('abcd'))
  expect(() => lines.push(Buffer.from('e'))).toThrow('more than 4 bytes')
  expect(lines.push(Buffer.from('f\n')).map(String)).toEqual(['f'])
})

test('empty lines cost next to nothing', () => {
  const lines = new LineBuffer(4)
  const chunk = Buffer.alloc(64 * 1024, '\n')
  const before = process.cpuUsage()
  for (let count = 0; count < 200; count++) expect(lines.push(chunk)).toEqual([])
  const { user, system } = process.cpuUsage(before)
  // 78 ms a chunk, when each of them was made a line.
  expect((user + system) / 1000).toBeLessThan(1000)
  expect(lines.push(Buffer.from('\n\nab\n\ncd\n')).map(String)).toEqual(['ab', 'cd'])
})
