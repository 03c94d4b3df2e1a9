import { Environment } from '@see/core'
import { simulatedFactory } from '@see/core/testing'
import { expect, onTestFinished, test } from 'vitest'
import { letRun } from './let-run.ts'

const LONG_MS = 3_600_000
const { signal } = new AbortController()

async function running() {
  const environment = await Environment.allocate(simulatedFactory())
  onTestFinished(() => environment.deallocate())
  await environment.context.poweron()
  return environment.context
}

test.each(['powered_off', 'crashed'] as const)('a guest that is %s is not waited for', async (reason) => {
  const context = await running()
  const over = letRun(context, LONG_MS, signal)
  context.resources.guest?.ended({ reason, detail: 'it is over', exitCode: null, signal: null })
  await over
  await context.settled()
  await letRun(context, LONG_MS, signal)
})

test('others run for their time, unless that is given up', async () => {
  const context = await running()
  await letRun(context, 10, signal)
  const ending = new AbortController()
  const over = letRun(context, LONG_MS, ending.signal)
  ending.abort(new Error('given up'))
  await expect(over).rejects.toThrow('given up')
})
