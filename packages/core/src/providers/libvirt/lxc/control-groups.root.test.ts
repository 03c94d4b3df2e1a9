import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { expect, onTestFinished, test } from 'vitest'
import { killedForMemory, ProcessBound } from './control-groups.ts'

test('a controller that has not moved yet is in the group of others, which is neither bounded nor counted', async () => {
  const controller = spawn('sleep', ['60'], { stdio: 'ignore' })
  await once(controller, 'spawn')
  const closed = once(controller, 'close')
  onTestFinished(async () => {
    controller.kill('SIGKILL')
    await closed
  })
  const groups = () => [process.pid, controller.pid].map((pid) => readFileSync(`/proc/${pid}/cgroup`, 'utf8'))
  const before = groups()
  const bound = new ProcessBound(randomUUID(), 4096)
  expect(await bound.hold(controller.pid ?? 0)).toBeUndefined()
  expect(await killedForMemory(controller.pid ?? 0)).toBeUndefined()
  expect(groups()).toEqual(before)
  await bound.release()
})
