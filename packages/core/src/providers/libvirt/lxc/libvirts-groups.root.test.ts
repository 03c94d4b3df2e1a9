import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { killInGroupsOf, removeGroupsOf } from './libvirts-groups.ts'

const hierarchy = ['/sys/fs/cgroup/freezer', '/sys/fs/cgroup'].find((each) => existsSync(each)) ?? ''

/** A group as libvirt makes one, with a process in it. */
async function container(group: string) {
  const folder = join(hierarchy, group)
  const parent = dirname(folder)
  const hadParent = existsSync(parent)
  mkdirSync(folder, { recursive: true })
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  await once(child, 'spawn')
  writeFileSync(join(folder, 'cgroup.procs'), String(child.pid))
  const freezing = [
    { file: 'freezer.state', frozen: 'FROZEN', thawed: 'THAWED' },
    { file: 'cgroup.freeze', frozen: '1', thawed: '0' },
  ].find(({ file }) => existsSync(join(folder, file)))
  const set = (state: 'frozen' | 'thawed') => {
    if (freezing !== undefined) writeFileSync(join(folder, freezing.file), freezing[state])
  }
  const closed = once(child, 'close')
  onTestFinished(async () => {
    child.kill('SIGKILL')
    if (existsSync(folder)) set('thawed')
    await closed
    if (existsSync(folder)) rmdirSync(folder)
    if (!hadParent && existsSync(parent)) rmdirSync(parent)
  })
  return { folder, set, isRunning: () => child.exitCode === null && child.signalCode === null }
}

test('what still runs in a container is killed, frozen or not, in groups that it made as well; and its groups are removed', async () => {
  const name = randomUUID()
  const [outer, inner, scope, other] = [
    await container(`machine/lxc-4711-${name}.libvirt-lxc`),
    await container(`machine/lxc-4711-${name}.libvirt-lxc/inner`),
    await container(`machine.slice/machine-lxc\\x2d4712\\x2d${name.replaceAll('-', '\\x2d')}.scope`),
    await container(`machine/lxc-4713-${randomUUID()}.libvirt-lxc`),
  ]
  inner.set('frozen')
  await killInGroupsOf(name)
  await expect
    .poll(() => [outer, inner, scope].map((each) => each.isRunning()))
    .toEqual([false, false, false])
  await removeGroupsOf(name)
  expect([outer, inner, scope, other].map(({ folder }) => existsSync(folder))).toEqual([
    false,
    false,
    false,
    true,
  ])
  expect(other.isRunning()).toBe(true)
})
