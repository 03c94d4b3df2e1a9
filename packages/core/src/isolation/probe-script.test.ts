import { execFile } from 'node:child_process'
import { mkdtemp, rm, symlink } from 'node:fs/promises'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, onTestFinished, test } from 'vitest'
import type { Attempt } from './attempt.ts'
import { HostListener } from './host-listener.ts'
import { probeAnswers } from './probe-answers.ts'
import { probeScript } from './probe-script.ts'

const TOKEN = 'c0ffee0123456789c0ffee01'

async function probe(attempts: readonly Attempt[], path = process.env['PATH']) {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', probeScript(attempts, { token: TOKEN })], {
    env: { PATH: path },
  })
  return [...probeAnswers(stdout, attempts.length)].toSorted(([one], [other]) => one - other)
}

async function programPath(program: string): Promise<string> {
  const { stdout } = await promisify(execFile)('/bin/sh', ['-c', `command -v ${program}`])
  return stdout.trim()
}

const attempt = (port: number): Attempt => ({
  target: 'host',
  kind: 'tcp',
  address: '127.0.0.1',
  port,
  isOurs: true,
})

test('the shell of this host reaches a listener, is refused at a closed port, and waits for no silent one', async () => {
  await using listener = await HostListener.open(TOKEN)
  const silent = createServer(() => undefined).listen(0, '127.0.0.1')
  onTestFinished(() => void silent.close())
  await new Promise((resolve) => silent.once('listening', resolve))
  const address = silent.address()
  const port = typeof address === 'object' ? (address?.port ?? 0) : 0
  const answers = await probe([attempt(listener.ports.tcp), attempt(1), attempt(port)])
  expect(answers).toEqual([
    [0, 'reached'],
    [1, 'refused'],
    [2, 'reached'],
  ])
  await expect.poll(() => [0, 1, 2].map((each) => listener.hasArrived(each))).toEqual([true, false, false])
})

test.each(['perl', 'bash'])('a guest that has %s and no busybox tries by that', async (means) => {
  const folder = await mkdtemp(join(tmpdir(), 'see-means-'))
  onTestFinished(() => rm(folder, { recursive: true }))
  for (const program of [means, 'sh', 'timeout'])
    await symlink(await programPath(program), join(folder, program))
  await using listener = await HostListener.open(TOKEN)
  expect(await probe([attempt(listener.ports.tcp), attempt(1)], folder)).toEqual([
    [0, 'reached'],
    [1, 'refused'],
  ])
  await expect.poll(() => listener.hasArrived(0)).toBe(true)
})

test('a guest without any means says so', async () => {
  expect(await probe([attempt(1)], '/nonexistent')).toEqual([[0, 'unable']])
})

test('only the token counts', async () => {
  await using listener = await HostListener.open('deadbeef')
  await probe([attempt(listener.ports.tcp)])
  expect(listener.hasArrived(0)).toBe(false)
})
