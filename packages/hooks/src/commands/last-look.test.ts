import { afterEach, expect, test, vi } from 'vitest'
import { LastLook } from './last-look.ts'
import { silentAgent } from './command-warnings.ts'

afterEach(() => void vi.useRealTimers())

function lookAt(): { readonly look: LastLook; readonly pass: (ms: number) => void } {
  vi.useFakeTimers({ toFake: ['performance'] })
  return { look: new LastLook(), pass: (ms) => void vi.advanceTimersByTime(ms) }
}

test('an agent counts as unheard while its guest runs, not while it is paused or being stopped', async () => {
  const { look, pass } = lookAt()
  pass(4000)
  look.looked()
  expect(look.unheardMs).toBe(0)
  pass(3000)
  look.end()
  await look.taken()
  pass(60_000)
  expect(look.unheardMs).toBe(3000)
  look.resumed()
  pass(4000)
  await look.taken()
  pass(60_000)
  expect(look.unheardMs).toBe(7000)
})

test('an agent that answers again was merely busy', async () => {
  const { look, pass } = lookAt()
  pass(60_000)
  look.end()
  await look.taken()
  look.looked()
  pass(60_000)
  expect(look.unheardMs).toBe(0)
})

test('five seconds without an answer are a warning', () => {
  expect(silentAgent(4999)).toBeUndefined()
  expect(silentAgent(5999)).toMatchObject({
    code: 'AGENT_SILENT',
    why: 'it did not answer in the last 5 s in which its guest ran',
  })
})
