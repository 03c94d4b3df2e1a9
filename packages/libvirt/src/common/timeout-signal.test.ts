import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, test } from 'vitest'
import { collectGarbage } from '../testing/collect-garbage.ts'
import { timeoutSignal } from './timeout-signal.ts'

test('fires through a combined signal even when garbage was collected meanwhile', async () => {
  const combined = AbortSignal.any([new AbortController().signal, timeoutSignal(500)])
  const aborted = once(combined, 'abort')
  // What was just made is still referred to by this turn.
  for (let turn = 0; turn < 3; turn++) {
    await sleep(10)
    collectGarbage()
  }
  await aborted
  expect(combined.reason).toMatchObject({ name: 'TimeoutError' })
})
