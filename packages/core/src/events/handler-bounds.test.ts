import { expect, test } from 'vitest'
import { HandlerBounds } from './handler-bounds.ts'

test('each run expires once, at its own bound, in whatever order they began', async () => {
  const bounds = new HandlerBounds()
  const expired: number[] = []
  for (const timeoutMs of [90, 30, 60]) bounds.begin(timeoutMs, (each) => expired.push(each))
  await expect.poll(() => expired).toEqual([30, 60, 90])
})

test('a run that has ended does not expire; one that has expired has not ended in time', async () => {
  const bounds = new HandlerBounds()
  const expired: string[] = []
  const ends = bounds.begin(20, () => expired.push('ends'))
  const hangs = bounds.begin(40, () => expired.push('hangs'))
  expect(bounds.end(ends)).toBe(true)
  await expect.poll(() => expired).toEqual(['hangs'])
  expect(bounds.end(hangs)).toBe(false)
})

test('a bound that is longer than any timer is kept', async () => {
  const bounds = new HandlerBounds()
  const expired: number[] = []
  bounds.begin(2 ** 40, () => expired.push(0))
  bounds.begin(20, (each) => expired.push(each))
  await expect.poll(() => expired).toEqual([20])
  bounds.close()
})

test('once closed, nothing expires', async () => {
  const bounds = new HandlerBounds()
  const expired: number[] = []
  bounds.begin(10, (each) => expired.push(each))
  bounds.close()
  bounds.begin(5, (each) => expired.push(each))
  await new Promise((resolve) => setTimeout(resolve, 60))
  expect(expired).toEqual([])
})
