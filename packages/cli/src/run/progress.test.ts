import { PassThrough } from 'node:stream'
import type { WriteStream } from 'node:tty'
import { expect, test } from 'vitest'
import { createProgress } from './progress.ts'

/** A terminal of that many columns, and what was written on it. */
function terminal(columns: number): { stream: WriteStream; written: () => string } {
  const cursor = { cursorTo: () => true, moveCursor: () => true, clearLine: () => true }
  const stream = Object.assign(new PassThrough(), {
    isTTY: true,
    columns,
    ...cursor,
  }) as unknown as WriteStream
  return { stream, written: () => String(stream.read() ?? '') }
}

test('on a terminal, what is done is ticked off', () => {
  const { stream, written } = terminal(80)
  const progress = createProgress(stream)
  progress.step('first')
  progress.step('second')
  progress.end(false)
  expect(written()).toMatch(/✔ first[^]*✖ second/)
})

test('on a terminal without a width, there are lines', () => {
  const { stream, written } = terminal(0)
  const progress = createProgress(stream)
  progress.step('first')
  progress.note('by the way')
  progress.end(true)
  expect(written()).toMatch(/^\S+Z first\n\S+Z by the way\n$/)
})
