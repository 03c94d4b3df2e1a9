import { type ChildProcess, spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { hastened } from './hasten-end.ts'

const TEST_MS = 60_000
const uri = 'qemu:///system'

/** A process that looks like the QEMU of a domain, once it runs. */
async function startQemu(name: string, script: string): Promise<ChildProcess> {
  const argv = [
    '-c',
    `${script}; echo ready; while :; do sleep 0.1; done`,
    '-name',
    `guest=${name},debug-threads=on`,
  ]
  const child = spawn('/bin/sh', argv, { argv0: 'qemu-system-none', stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(() => void child.kill('SIGKILL'))
  await once(child.stdout, 'data')
  return child
}

test.concurrent('a QEMU that is stopped is let go on, and ends as it was asked', {
  timeout: TEST_MS,
}, async () => {
  const name = randomUUID()
  const qemu = await startQemu(name, 'true')
  const ended = once(qemu, 'exit')
  qemu.kill('SIGSTOP')
  qemu.kill('SIGTERM')
  await hastened(
    ended.then(() => undefined),
    { name, uri },
  )
  expect(qemu.signalCode).toBe('SIGTERM')
})

test.concurrent('a QEMU that does not end is killed', { timeout: TEST_MS }, async () => {
  const name = randomUUID()
  const qemu = await startQemu(name, 'trap "" TERM')
  const ended = once(qemu, 'exit')
  qemu.kill('SIGTERM')
  await hastened(
    ended.then(() => undefined),
    { name, uri },
  )
  expect(qemu.signalCode).toBe('SIGKILL')
})

test.concurrent('the QEMU of a daemon on another host is none of this one', {
  timeout: TEST_MS,
}, async () => {
  const name = randomUUID()
  const qemu = await startQemu(name, 'true')
  qemu.kill('SIGSTOP')
  const other = { name, uri: 'qemu+tcp://198.51.100.1/system' }
  await hastened(new Promise((resolve) => setTimeout(resolve, 3000)), other)
  qemu.kill('SIGTERM')
  expect(qemu.signalCode).toBe(null)
})
