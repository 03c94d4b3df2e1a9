import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { recordingLogger } from '../../testing/recording-logger.ts'
import { type Gauge, LimitWatch } from './limit-watch.ts'

const TICK_MS = 5

function watching(gauges: Gauge[]) {
  const { logger, lines } = recordingLogger()
  const watch = new LimitWatch(gauges, logger, TICK_MS)
  onTestFinished(() => watch.stop())
  watch.start()
  return { watch, lines }
}

function gauge(values: readonly (number | undefined)[], bound = 3) {
  const seen: number[] = []
  let index = 0
  const each: Gauge = {
    limit: 'disk_mib',
    measure: async () => values[Math.min(index++, values.length - 1)],
    isReached: (measured) => measured >= bound,
    reached: async (measured) => void seen.push(measured),
  }
  return { each, seen, asked: () => index }
}

test('a limit is reached as soon as it is measured, and again as long as it is', async () => {
  const { each, seen } = gauge([1, undefined, 2, 3, 4, 1])
  watching([each])
  await expect.poll(() => seen).toEqual([3, 4])
})

test('what cannot be measured is in the log, and the others are watched on', async () => {
  const { each, seen } = gauge([3])
  const broken = { ...gauge([]).each, measure: () => Promise.reject(new Error('no such domain')) }
  const { lines } = watching([broken, each])
  await expect.poll(() => seen.length).toBeGreaterThan(1)
  expect(lines[0]).toMatchObject({ level: 20, limit: 'disk_mib', error: 'no such domain' })
})

test('a measurement that hangs is the only one, and does not hold the end up', async () => {
  let asked = 0
  const hanging = {
    ...gauge([]).each,
    measure: () => {
      asked++
      return new Promise<number>(() => undefined)
    },
  }
  const { watch } = watching([hanging])
  await expect.poll(() => asked).toBe(1)
  await sleep(10 * TICK_MS)
  expect(asked).toBe(1)
  await watch.stop()
})

test('after its end nothing is measured; it may be started again', async () => {
  const { each, asked } = gauge([1])
  const { watch } = watching([each])
  await expect.poll(asked).toBeGreaterThan(0)
  await watch.stop()
  const before = asked()
  await sleep(10 * TICK_MS)
  expect(asked()).toBe(before)
  watch.start()
  await expect.poll(asked).toBeGreaterThan(before)
})
