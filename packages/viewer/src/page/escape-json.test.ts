import { assert, jsonValue, property } from 'fast-check'
import { expect, test } from 'vitest'
import { escapedJson } from './escape-json.ts'

test('no text ends the element around it, or begins a comment or another script in it', () => {
  const text = '</script><script>alert(1)</script><!-- --> ]]> & \u2028 \u2029 \0 \ud800'
  const escaped = escapedJson({ [text]: text })
  expect(escaped).not.toMatch(/[<>&\u2028\u2029\0\ud800]/)
  expect(JSON.parse(escaped)).toEqual({ [text]: text })
})

test('what is read is what was written', () => {
  assert(
    property(jsonValue(), (value) => {
      expect(JSON.parse(escapedJson(value))).toEqual(JSON.parse(JSON.stringify(value)))
    }),
  )
})
