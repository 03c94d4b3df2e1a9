import { declareError, type ErrorFacts, SeeError } from '@see/core'
import { expect, test } from 'vitest'
import { exitCodeOf, exitCodeOfFailure } from './exit-code.ts'

declare module '@see/core' {
  interface ErrorCodeMap {
    EXIT_TEST_USAGE: ErrorFacts
    EXIT_TEST_SANDBOX: ErrorFacts
    EXIT_TEST_HOOK: ErrorFacts
    EXIT_TEST_UNDECLARED: ErrorFacts
  }
}

const facts = { meaning: 'something failed', advice: 'Do something.' }
declareError('EXIT_TEST_USAGE', { ...facts, exit: 'usage' })
declareError('EXIT_TEST_SANDBOX', { ...facts, exit: 'sandbox' })
declareError('EXIT_TEST_HOOK', { ...facts, exit: 'hook' })

const usage = new SeeError('CONFIGURATION_INVALID', '')
const sandbox = new SeeError('SHUTDOWN_TIMEOUT', '')
const hook = new SeeError('HOOK_CLEANUP', '')

test.each([
  ['a configuration', usage, 1],
  ['the sandbox', sandbox, 2],
  ['a hook', hook, 3],
  ['anything else', new Error('what?'), 2],
  ['hooks only', new AggregateError([hook, hook]), 3],
  ['a hook and the sandbox', new AggregateError([hook, new AggregateError([hook, sandbox])]), 2],
  ['a configuration, and a hook in the clean-up', new AggregateError([usage, new AggregateError([hook])]), 1],
])('when %s failed', (_what, error, exitCode) => {
  expect(exitCodeOf(error)).toBe(exitCode)
})

const ownUsage = new SeeError('EXIT_TEST_USAGE', '')
const ownSandbox = new SeeError('EXIT_TEST_SANDBOX', '')
const ownHook = new SeeError('EXIT_TEST_HOOK', '')
const undeclared = new SeeError('EXIT_TEST_UNDECLARED', '')
const stock = new SeeError('AGENT_UNAVAILABLE', '')
const plain = new Error('what?')

test.each([
  ['usage', ownUsage, { thrown: 1, setUp: 1, handler: 3, cleanUp: 3, uncaught: 3 }],
  ['sandbox', ownSandbox, { thrown: 2, setUp: 2, handler: 2, cleanUp: 2, uncaught: 2 }],
  ['hook', ownHook, { thrown: 3, setUp: 3, handler: 3, cleanUp: 3, uncaught: 3 }],
  ['a code that is not declared', undeclared, { thrown: 2, setUp: 1, handler: 3, cleanUp: 3, uncaught: 3 }],
  ['a stock code', stock, { thrown: 2, setUp: 1, handler: 3, cleanUp: 3, uncaught: 3 }],
  ['no code', plain, { thrown: 2, setUp: 1, handler: 3, cleanUp: 3, uncaught: 3 }],
])('an error of a hook with %s', (_what, cause, expected) => {
  expect({
    thrown: exitCodeOf(cause),
    setUp: exitCodeOf(new SeeError('HOOK_SETUP', '', { cause })),
    handler: exitCodeOfFailure(cause),
    cleanUp: exitCodeOf(new SeeError('HOOK_CLEANUP', '', { cause })),
    uncaught: exitCodeOf(new SeeError('UNCAUGHT_ERROR', '', { cause })),
  }).toEqual(expected)
})

/** Never run: each of the two must not compile. */
export function wrongUses(): SeeError[] {
  return [
    // @ts-expect-error a misspelt code of a package, which declares its codes through '@see/core'
    new SeeError('EXIT_TEST_SANDBX', ''),
    // @ts-expect-error a misspelt stock code
    new SeeError('AGENT_UNAVAILBLE', ''),
  ]
}
