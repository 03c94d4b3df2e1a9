import { expect, test } from 'vitest'
import { type HelperFrame, HelperFrames } from './helper-frames.ts'

function frame(type: string, payload: string): Buffer {
  const head = Buffer.from([type.charCodeAt(0), 0, 0, 0, 0])
  head.writeUInt32BE(payload.length, 1)
  return Buffer.concat([head, Buffer.from(payload)])
}

function framesOf(parts: readonly Buffer[]): HelperFrame[] {
  const frames: HelperFrame[] = []
  const cutter = new HelperFrames()
  for (const part of parts)
    cutter.push(part, ({ type, payload }) => frames.push({ type, payload: Buffer.from(payload) }))
  return frames
}

test.each([1, 3, 7, 1000])('finds messages that come in parts of %i bytes', (length) => {
  const whole = Buffer.concat([
    frame('V', 'a\nb'),
    frame('K', ''),
    frame('C', 'x'.repeat(50)),
    frame('D', ''),
  ])
  const parts = Array.from({ length: Math.ceil(whole.length / length) }, (_, index) =>
    whole.subarray(index * length, (index + 1) * length),
  )
  expect(framesOf(parts).map(({ type, payload }) => [type, payload.toString()])).toEqual([
    ['V', 'a\nb'],
    ['K', ''],
    ['C', 'x'.repeat(50)],
    ['D', ''],
  ])
})

test.each([
  ['of no kind', Buffer.from('Z\0\0\0\0')],
  ['that would be longer than memory', Buffer.from('E\xff\xff\xff\xff', 'latin1')],
  ['with something where nothing belongs', frame('K', 'x')],
])('refuses a message %s before it is there', (_what, bytes) => {
  expect(() => framesOf([bytes])).toThrow('the helper guest sent a message of type')
})
