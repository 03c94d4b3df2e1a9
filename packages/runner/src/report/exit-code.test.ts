import { SeeError } from '@see/core'
import { expect, test } from 'vitest'
import { exitCodeOf } from './exit-code.ts'

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
