import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { Pulse } from './pulse.ts'

test('silence is so many looks without a heartbeat', async () => {
  let beats = 0
  const beating = setInterval(() => beats++, 20)
  const pulse = new Pulse(() => beats)
  const silent = pulse.until(200)
  await sleep(500)
  let isSilent = false
  void silent.then(() => (isSilent = true))
  await sleep(0)
  expect(isSilent).toBe(false)
  expect(await pulse.beatsWithin(1000)).toBe(true)
  clearInterval(beating)
  expect(await silent).toBe('silent')
  expect(await pulse.beatsWithin(100)).toBe(false)
})

test('it watches no longer than it should', async () => {
  let beats = 0
  expect(await new Pulse(() => beats++, 150).until(5000)).toBe('over')
})
