import { expect, test } from 'vitest'
import { hasSettled } from './screen-source.ts'

/** Pictures that were seen 250 ms after one another. */
function looks(pictures: string) {
  return pictures.split('').map((picture, index) => ({ atMs: index * 250, picture }))
}

test.each([
  ['seen for too short a time', 'aaa', false],
  ['one picture', 'xxaaaaaaaa', true],
  ['a change within the time', 'aaaaaabbbb', false],
  ['a blinking cursor', 'xababababab', true],
  ['a slowly blinking cursor', 'aabbaabbaab', true],
  ['three pictures in turns', 'abcabcabcabc', false],
])('%s', (_what, pictures, settled) => {
  expect(hasSettled(looks(pictures), 1500)).toBe(settled)
})
