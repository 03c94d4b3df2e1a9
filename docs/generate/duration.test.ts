import { expect, test } from 'vitest'
import { inWords } from './duration.ts'

test.each([
  [86_400_000, '1 day'],
  [90_000_000, '25 hours'],
  [300_000, '5 minutes'],
  [90_000, '90 seconds'],
  [1000, '1 second'],
  [1250, '1,250 milliseconds'],
  [250, '250 milliseconds'],
])('%i ms are %s', (ms, words) => {
  expect(inWords(ms)).toBe(words)
})
