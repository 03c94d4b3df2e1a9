import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { expect, onTestFinished, test } from 'vitest'
import { killControllersOf } from './kill-controllers.ts'

/** A process that has such a command line. */
async function controllerOf(name: string) {
  const child = spawn('/bin/sh', ['-c', 'sleep 60; :', '--name', name], {
    argv0: '/usr/libexec/libvirt_lxc',
    stdio: 'ignore',
    detached: true,
  })
  await once(child, 'spawn')
  const exit = once(child, 'exit')
  onTestFinished(async () => {
    if (child.pid !== undefined) process.kill(-child.pid, 'SIGKILL')
    await exit
  })
  return { exit, isRunning: () => child.exitCode === null && child.signalCode === null }
}

test('the controller of a container is killed, and no other', async () => {
  const name = randomUUID()
  const [own, other] = [await controllerOf(name), await controllerOf(`${name}0`)]
  await killControllersOf(name)
  expect(await own.exit).toEqual([null, 'SIGKILL'])
  expect(other.isRunning()).toBe(true)
  await killControllersOf(name)
})
