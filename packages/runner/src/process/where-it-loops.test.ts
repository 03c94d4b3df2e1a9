import { expect, test } from 'vitest'
import { whereItLoops } from './where-it-loops.ts'

test('shows the innermost functions below the evaluation, without those of Node and SEE', () => {
  const stack = `Error: here
    at Watchdog.#blocked (file:///x/packages/runner/dist/process/watchdog.js:80:29)
    at eval (eval at spin (file:///home/me/hook.mjs:1:1), <anonymous>:1:12)
    at spin (file:///home/me/a%20hook.mjs:3:20)
    at /home/me/hook.mjs:9:1
    at AsyncLocalStorage.run (node:async_hooks:346:14)
    at runAs (file:///x/node_modules/@see/core/dist/events/actor.js:9:1)
    at async carryOut (file:///x/packages/runner/dist/run-case.js:9:1)
    at first (file:///home/me/protocol.mjs:1:86)
    at further (file:///home/me/protocol.mjs:9:86)`
  expect(whereItLoops(stack)).toBe(
    'spin (/home/me/a hook.mjs:3:20), called by /home/me/hook.mjs:9:1, called by first (/home/me/protocol.mjs:1:86)',
  )
  expect(whereItLoops('Error: here')).toBe('')
})
