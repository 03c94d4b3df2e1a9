import { fileURLToPath } from 'node:url'
import { declaredEvents } from '@see/core/testing'
import { stockEvents } from '@see/hooks'
import { expect, test } from 'vitest'
import { eventsDeclaredIn, eventsIn } from './event-declarations.ts'

test('what is declared to the compiler is declared at run time, and nothing else', () => {
  const [ofCore, ofHooks] = ['core', 'hooks'].map((name) => {
    const folder = fileURLToPath(new URL(`../../packages/${name}/src`, import.meta.url))
    return eventsDeclaredIn(folder).map((event) => event.name)
  })
  expect(new Set(stockEvents)).toEqual(new Set(ofHooks))
  expect(declaredEvents).toEqual(new Set([...(ofCore ?? []), ...stockEvents]))
})

test('an event, who fires it and its attributes', () => {
  const source = `declare module '@see/core' {
    interface EventMap {
      /** Fired by a hook
       * of ours. */
      found: {
        /** Where. */
        readonly path: string | undefined
        /** How many. */
        readonly count?: number | undefined
      }
      /** Something ends. Fired by protocols. */
      ended: Attributes
    }
  }`
  expect(eventsIn(source)).toEqual([
    {
      name: 'found',
      meaning: 'Fired by a hook of ours.',
      attributes: [
        { name: 'path', optional: false, type: 'string', meaning: 'Where.' },
        { name: 'count', optional: true, type: 'number', meaning: 'How many.' },
      ],
    },
    { name: 'ended', meaning: 'Something ends. Fired by protocols.', attributes: undefined },
  ])
})

test.each([
  ['an event without a comment', 'found: Attributes', /the event found has no comment/],
  [
    'an event whose comment does not say who fires it',
    '/** Found. */ found: Attributes',
    /by whom it is fired/,
  ],
  ['an attribute without a comment', '/** Fired by us. */ found: { path: string }', /the attribute path/],
])('%s is an error', (_what, member, message) => {
  expect(() => eventsIn(`interface EventMap {\n${member}\n}`)).toThrow(message)
})
