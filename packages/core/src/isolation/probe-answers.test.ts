import { expect, test } from 'vitest'
import { probeAnswers } from './probe-answers.ts'

test('answers are read by their numbers', () => {
  const answers = probeAnswers('1 blocked\n0 reached\n2 refused\n3 unable\n', 4)
  expect([...answers].toSorted(([one], [other]) => one - other)).toEqual([
    [0, 'reached'],
    [1, 'blocked'],
    [2, 'refused'],
    [3, 'unable'],
  ])
})

test('what a guest makes up is dropped: other lines, other numbers, second answers', () => {
  const output = `9 reached\n-1 reached\n0 fine\n0 blocked extra\n${'0'.repeat(9)} reached\n0 blocked\n0 reached\n\u0000`
  expect([...probeAnswers(output, 2)]).toEqual([[0, 'blocked']])
})
