import { expect, test } from 'vitest'
import { createProgress } from './create-progress.ts'

test('without a terminal: a line with the time for each step and note', async () => {
  let text = ''
  const progress = await createProgress({ write: (line) => void (text += line) })
  progress.step('first')
  progress.note('a note')
  progress.end(true)
  expect(text).toMatch(/^\d{4}-\d\d-\d\dT\S+Z first\n\d{4}-\S+ a note\n$/)
})
