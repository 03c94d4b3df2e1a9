import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { expect, test } from 'vitest'
import { getsSignal, getsSignalNow } from './busybox-init.ts'

const NONE = '0'.repeat(16)
const statusOf = (blocked: string, caught: string) =>
  `Name:\tinit\nSigPnd:\t0000000000004000\nSigBlk:\t${blocked}\nSigIgn:\t0000000000005000\nSigCgt:\t${caught}\n`

test('an init that has just begun gets no signal, one that blocks it or waits for it does', () => {
  expect(getsSignal(statusOf(NONE, NONE), 'SIGTERM')).toBe(false)
  expect(getsSignal(statusOf('0000000000004000', NONE), 'SIGTERM')).toBe(true)
  expect(getsSignal(statusOf('0000000000004000', NONE), 'SIGUSR2')).toBe(false)
  // As it is seen in one that waits.
  expect(getsSignal(statusOf(NONE, '0000000000080000'), 'SIGTERM')).toBe(true)
})

test('of a process: once it has the handler, and when it is gone', async () => {
  const shell = spawn('sh', ['-c', 'read line; trap "exit" TSTP; echo; read line'], { stdio: 'pipe' })
  const { pid = 0 } = shell
  await expect.poll(() => getsSignalNow(pid, 'SIGUSR2')).toBe(false)
  shell.stdin.write('\n')
  await once(shell.stdout, 'data')
  expect(await getsSignalNow(pid, 'SIGUSR2')).toBe(true)
  shell.kill('SIGKILL')
  await once(shell, 'close')
  expect(await getsSignalNow(pid, 'SIGUSR2')).toBe(true)
})
