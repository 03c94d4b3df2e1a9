import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import type { LimitReached } from '../../contract/limit-reached.ts'
import { rateGauge } from './rate-gauge.ts'

const MIB = 1024 * 1024

function gauge(counts: readonly (number | undefined)[]) {
  const reached: LimitReached[] = []
  const left = [...counts]
  const made = rateGauge({
    limit: 'disk_mib_per_second',
    bound: 10,
    what: 'its disk',
    bytes: async () => left.shift(),
    reached: (each) => reached.push(each),
  })
  const look = async () => {
    const measured = await made.measure()
    if (measured !== undefined && made.isReached(measured)) await made.reached(measured)
    await sleep(20)
    return measured
  }
  return { look, reached }
}

test('a rate at its bound is on record once a minute', async () => {
  const { look, reached } = gauge([0, 100 * MIB, 200 * MIB])
  for (let count = 0; count < 3; count++) await look()
  const detail =
    'its disk reached limits.disk_mib_per_second, 10 MiB a second, and the guest waited for the rest'
  expect(reached).toMatchObject([{ limit: 'disk_mib_per_second', bound: 10, action: 'delayed', detail }])
  expect(reached[0]?.measured).toBeGreaterThan(9)
})

test('a rate below its bound is none, nor is a counter that began again, or is not known', async () => {
  const { look, reached } = gauge([0, 1024])
  expect(await look()).toBe(undefined)
  expect(await look()).toBeLessThan(9)
  const after = gauge([500 * MIB, 10, undefined, 20])
  for (let count = 0; count < 4; count++) await after.look()
  expect([reached, after.reached]).toEqual([[], []])
})
