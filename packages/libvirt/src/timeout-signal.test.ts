import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { timeoutSignal } from './timeout-signal.ts'

setFlagsFromString('--expose-gc')
const collectGarbage = (): unknown => runInNewContext('gc()')

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
