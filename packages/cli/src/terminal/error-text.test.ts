import { expect, test } from 'vitest'
import { errorText } from './error-text.ts'

test('lists every member of an AggregateError, without stacks, harmless for a terminal', () => {
  const error = new AggregateError([
    new Error('one'),
    new AggregateError([new Error('two\u001b[2J'), 'three']),
  ])
  expect(errorText(error, false)).toBe('one\n     two\\u{1b}[2J\n     three')
})

test('shows stacks and causes when asked', () => {
  const text = errorText(new Error('outer', { cause: new Error('inner') }), true)
  expect(text).toMatch(/^Error: outer\n\s+at [\s\S]*\n {5}caused by: Error: inner\n\s+at /)
})
