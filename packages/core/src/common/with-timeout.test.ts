import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { unlessAborted, withTimeout } from './with-timeout.ts'

const timedOut = () => new Error('timed out')
const never = new Promise<never>(() => undefined)

describe('within', () => {
  test('gives the result, or the failure, that comes in time', async () => {
    await expect(withTimeout(1000, sleep(1, 'result'), timedOut)).resolves.toBe('result')
    await expect(withTimeout(1000, Promise.reject(new Error('failed')), timedOut)).rejects.toThrow('failed')
  })

  test('gives up after the bound', async () => {
    await expect(withTimeout(5, never, timedOut)).rejects.toThrow('timed out')
  })

  test.each([Number.POSITIVE_INFINITY, 2 ** 31, 1e12])(
    '%d ms are not shortened to one',
    async (timeoutMs) => {
      await expect(withTimeout(timeoutMs, sleep(20, 'result'), timedOut)).resolves.toBe('result')
    },
  )

  test('hears nothing of what fails after the bound', async () => {
    const unheard: unknown[] = []
    const note = (reason: unknown) => void unheard.push(reason)
    process.on('unhandledRejection', note)
    const late = sleep(10).then(() => Promise.reject(new Error('late')))
    await expect(withTimeout(1, late, timedOut)).rejects.toThrow('timed out')
    await sleep(20)
    process.off('unhandledRejection', note)
    expect(unheard).toEqual([])
  })
})

describe('unlessAborted', () => {
  test('ends with the signal', async () => {
    const abort = new AbortController()
    const waiting = unlessAborted(abort.signal, never)
    abort.abort(new Error('enough'))
    await expect(waiting).rejects.toThrow('enough')
    await expect(unlessAborted(abort.signal, Promise.resolve(1))).rejects.toThrow('enough')
  })

  test('gives the result otherwise', async () => {
    await expect(unlessAborted(new AbortController().signal, Promise.resolve(1))).resolves.toBe(1)
  })
})
