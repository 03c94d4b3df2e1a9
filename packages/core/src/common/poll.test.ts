import { expect, test } from 'vitest'
import { poll } from './poll.ts'

const timedOut = () => new Error('timed out')
const never = () => new Promise<undefined>(() => undefined)

test('asks until there is an answer', async () => {
  let asked = 0
  const ask = async () => (++asked === 3 ? 'answer' : undefined)
  await expect(poll(ask, timedOut, { timeoutMs: 5000, intervalMs: 1 })).resolves.toBe('answer')
  expect(asked).toBe(3)
})

test('asks once, however short the time', async () => {
  await expect(poll(async () => 1, timedOut, { timeoutMs: 0 })).resolves.toBe(1)
})

test('stops asking at the bound, even if the pause is longer', async () => {
  let asked = 0
  const ask = async () => void asked++
  const start = performance.now()
  await expect(poll(ask, timedOut, { timeoutMs: 20, intervalMs: 60_000 })).rejects.toThrow('timed out')
  expect(performance.now() - start).toBeLessThan(2000)
  expect(asked).toBe(1)
})

test('is bounded when a question is never answered', async () => {
  await expect(poll(never, timedOut, { timeoutMs: 20 })).rejects.toThrow('timed out')
})

test('waits as long as it takes when the bound is infinite', async () => {
  let asked = 0
  const ask = async () => (++asked > 2 ? true : undefined)
  const options = { timeoutMs: Number.POSITIVE_INFINITY, intervalMs: 1 }
  await expect(poll(ask, timedOut, options)).resolves.toBe(true)
})

test('throws what the question throws', async () => {
  await expect(poll(() => Promise.reject(new Error('lost')), timedOut, { timeoutMs: 1000 })).rejects.toThrow(
    'lost',
  )
})

test('ends with the signal, also while a question is being answered', async () => {
  const abort = new AbortController()
  const waiting = poll(never, timedOut, {
    timeoutMs: 60_000,
    signal: abort.signal,
  })
  abort.abort(new Error('enough'))
  await expect(waiting).rejects.toThrow('enough')
})

test('does not ask at all once the signal is aborted', async () => {
  let asked = 0
  const ask = async () => void asked++
  const signal = AbortSignal.abort(new Error('enough'))
  await expect(poll(ask, timedOut, { timeoutMs: 1000, signal })).rejects.toThrow('enough')
  expect(asked).toBe(0)
})
