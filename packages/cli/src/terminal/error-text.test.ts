import { declareError, type ErrorFacts, SeeError } from '@see/core'
import { expect, test } from 'vitest'
import { errorText } from './error-text.ts'

declare module '@see/core' {
  interface ErrorCodeMap {
    ERROR_TEXT_TEST: ErrorFacts
  }
}

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

test('an error with a code that a package declared is followed by its advice, also as the cause of a set-up that failed', () => {
  declareError('ERROR_TEXT_TEST', { meaning: 'there is no licence', advice: 'Buy one.', exit: 'usage' })
  const error = new SeeError('ERROR_TEXT_TEST', 'no licence for this host')
  expect(errorText(error, false)).toBe('no licence for this host\n     Buy one.')
  const setUp = new SeeError('HOOK_SETUP', 'cannot be set up: no licence', { cause: error })
  expect(errorText(setUp, false)).toBe('cannot be set up: no licence\n     Buy one.')
  expect(errorText(new SeeError('DISK_FULL', 'no room', { cause: error }), false)).toBe('no room')
})
