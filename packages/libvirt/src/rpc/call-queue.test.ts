import { expect, test } from 'vitest'
import { CallQueue } from './call-queue.ts'

test('lets calls through up to its limit, the rest in order as places come free', () => {
  const started: number[] = []
  const queue = new CallQueue(2)
  for (const number of [1, 2, 3, 4]) queue.add(() => started.push(number))
  expect(started).toEqual([1, 2])
  queue.done()
  expect(started).toEqual([1, 2, 3])
  queue.done()
  queue.done()
  queue.done()
  queue.add(() => started.push(5))
  expect(started).toEqual([1, 2, 3, 4, 5])
})

test('a call that left the queue does not start, and does not hold the next one back', () => {
  const started: number[] = []
  const queue = new CallQueue(1)
  queue.add(() => started.push(1))
  const leave = queue.add(() => started.push(2))
  queue.add(() => started.push(3))
  expect(leave()).toBe(true)
  expect(leave()).toBe(false)
  queue.done()
  expect(started).toEqual([1, 3])
})
