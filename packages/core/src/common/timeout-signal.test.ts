import { once } from 'node:events'
import { setTimeout as sleep } from 'node:timers/promises'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { timeoutSignal } from './timeout-signal.ts'

setFlagsFromString('--expose-gc')
const collectGarbage: () => undefined = runInNewContext('gc')

test('a combined signal is aborted after the timeout although garbage was collected in between', async () => {
  const combined = AbortSignal.any([new AbortController().signal, timeoutSignal(300)])
  const aborted = once(combined, 'abort')
  // Objects of the current turn are not collected.
  for (let turn = 0; turn < 3; turn++) {
    await sleep(10)
    collectGarbage()
  }
  await aborted
  expect(combined.reason).toMatchObject({ name: 'TimeoutError' })
})
