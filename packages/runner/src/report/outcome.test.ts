import { SeeError } from '@see/core'
import { expect, test } from 'vitest'
import { Outcome } from './outcome.ts'

const reason = new SeeError('EVENT_LOOP_BLOCKED', 'it loops')
const left = new SeeError('RELEASE_TIMEOUT', 'it was left behind')
const uncaught = new SeeError('UNCAUGHT_ERROR', 'out of nowhere')

const errorAfter = (...errors: unknown[]) => {
  const outcome = new Outcome(AbortSignal.abort(reason))
  for (const error of errors) outcome.fail(error)
  return outcome.error
}

test('after an abort, its reason is named once', () => {
  expect(errorAfter(reason)).toBe(reason)
  expect(errorAfter(reason, new Error('a wait ended'))).toBe(reason)
})

test('what could not be released after an abort stands beside its reason', () => {
  const both = new AggregateError([reason, left], 'it loops; it was left behind')
  expect(errorAfter(both)).toMatchObject({ errors: [reason, left] })
  expect(errorAfter(both, uncaught)).toMatchObject({ errors: [reason, left, uncaught] })
})

test('an error of several that does not have the reason among them stays as it is', () => {
  const released = new AggregateError([left, uncaught], 'not everything could be released')
  expect(errorAfter(released)).toMatchObject({ errors: [reason, released] })
})
