import { expect, test } from 'vitest'
import { Patience } from './patience.ts'

test('who brings something new is waited for, who only talks is not', () => {
  const patience = new Patience(25_000, 1_000_000)
  patience.begin(0)
  for (let now = 10; now <= 100_000; now += 10) {
    patience.gain()
    patience.spend(now)
  }
  expect(patience.leftMs).toBeGreaterThan(24_000)
  patience.spend(120_000)
  expect(patience.leftMs).toBeGreaterThan(0)
  // Something new now and then is not enough.
  patience.gain()
  patience.spend(126_000)
  expect(patience.leftMs).toBe(0)
  expect(patience.loss).toBe('said nothing new for 25 s')
})

test('many answers on a busy host do not use it up, though each brings little', () => {
  const patience = new Patience(25_000, 1_000_000)
  patience.begin(0)
  for (let now = 500; now <= 500_000; now += 500) {
    patience.spend(now)
    patience.gainByAnswer()
  }
  expect(patience.leftMs).toBe(25_000)
})

test('time in which nothing was asked for does not count', () => {
  const patience = new Patience(25_000, 30_000)
  patience.begin(0)
  patience.spend(10_000)
  patience.begin(100_000)
  expect(patience.leftMs).toBe(15_000)
  patience.restart(22_000)
  expect(patience.leftMs).toBe(20_000)
  patience.spend(120_000)
  expect([patience.leftMs, patience.loss]).toEqual([0, 'takes too much of the time of the analysis'])
})
