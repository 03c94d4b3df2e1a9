import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { recordingLogger } from '../../../testing/recording-logger.ts'
import { inControlGroup, ownHierarchy, sweepControlGroups } from './control-group.ts'

/** A process, as QEMU is one. */
function sleeping() {
  const child = spawn('sleep', ['60'], { stdio: 'ignore' })
  onTestFinished(() => void child.kill('SIGKILL'))
  return {
    child,
    pid: child.pid ?? 0,
    ended: once(child, 'close'),
    get isRunning() {
      return child.exitCode === null && child.signalCode === null
    },
  }
}

const groupsOf = (pid: number) => readFileSync(`/proc/${pid}/cgroup`, 'utf8')

test('a process has a group of its own until it ends', async () => {
  const [identifier, member, { logger, lines }] = [randomUUID(), sleeping(), recordingLogger()]
  const { own } = await ownHierarchy()
  const left = inControlGroup(identifier, member, logger)
  await expect.poll(() => groupsOf(member.pid)).toMatch(new RegExp(`/see-${identifier}$`, 'm'))
  const group = join(own, `see-${identifier}`)
  expect(readFileSync(join(group, 'cgroup.procs'), 'utf8')).toBe(`${member.pid}\n`)
  member.child.kill('SIGKILL')
  await left
  expect(existsSync(group)).toBe(false)
  expect(lines).toEqual([])
})

test('what a killed process left is removed by the next, and nothing else', async () => {
  const { own } = await ownHierarchy()
  const parent = join(own, `test-${randomUUID()}`)
  const [left, used, other] = [`see-${randomUUID()}`, `see-${randomUUID()}`, 'see-other'].map((name) =>
    join(parent, name),
  )
  const member = sleeping()
  for (const group of [parent, left, used, other]) mkdirSync(group ?? '')
  onTestFinished(async () => {
    member.child.kill('SIGKILL')
    await member.ended
    for (const group of [used, other, parent]) rmdirSync(group ?? '')
  })
  writeFileSync(join(used ?? '', 'cgroup.procs'), String(member.pid))
  await sweepControlGroups(parent)
  const there = () => [left, used, other].map((group) => existsSync(group ?? ''))
  expect(there()).toEqual([true, true, true])
  await sweepControlGroups(parent, -1)
  expect(there()).toEqual([false, true, true])
})

test('where a host allows no groups, that is said at debug, and nothing fails', async () => {
  const [member, { logger, lines }] = [sleeping(), recordingLogger()]
  await inControlGroup(randomUUID(), member, logger, Promise.resolve({ version: 1, own: '/proc' }))
  expect(lines).toMatchObject([{ level: 20, error: expect.stringContaining('mkdir') }])
})
